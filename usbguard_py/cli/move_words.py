"""What each move of an approved device is called: its help, what is said when it is done, its name in a history."""

from collections.abc import Mapping

from usbguard_py.core.codes import Code
from usbguard_py.i18n import N_
from usbguard_py.plain import Value


class Words(Value):
    """The texts of one verb: one line of help, all of it, what is said when it is done, and what happened."""

    line: str
    help: str
    done: str
    event: str
    example: str = ""


WORDS: Mapping[str, Words] = {
    "approve": Words(
        N_("Approve a device that waits for it"),
        N_(
            "Approve a device that waits for it.\n\n"
            "It may be used from then on, if somebody holds it and its dates have not passed."
        ),
        N_("{id} is approved (record {seq})."),
        N_("approved"),
        'usbguard-py whitelist approve TB-0001 --holder "Nguyen Van Mau" --reason "issued" --document MAU-01/2026',
    ),
    "inspect": Words(
        N_("Record a security inspection"),
        N_(
            "Record a security inspection.\n\n"
            "--on is its day, today if not given; --until the last day on which it counts, without an end if not given."
        ),
        N_("The inspection of {id} is recorded (record {seq})."),
        N_("inspected"),
        "usbguard-py whitelist inspect TB-0001 --until 21/05/2027 --reason periodic --document MAU-03/2026",
    ),
    "assign": Words(
        N_("Give a device that nobody holds to a person"),
        N_("Give a device that nobody holds to a person.\n\nOne that somebody holds is handed over with transfer."),
        N_("{id} is assigned (record {seq})."),
        N_("assigned"),
        'usbguard-py whitelist assign TB-0001 --holder "Tran Thi Mau" --reason "new task" --document MAU-04/2026',
    ),
    "transfer": Words(
        N_("Hand a device over from its holder to another person"),
        N_("Hand a device over from its holder to another person.\n\nIts state stays as it is."),
        N_("{id} is handed over (record {seq})."),
        N_("handed over"),
        'usbguard-py whitelist transfer TB-0001 --holder "Tran Thi Mau" --reason "new task" --document MAU-04/2026',
    ),
    "suspend": Words(
        N_("Suspend the use of a device, at once"),
        N_(
            "Suspend the use of a device, at once.\n\n"
            "A drive that is connected is cut off, also while it is in use. Take it into use again with resume."
        ),
        N_("{id} is suspended (record {seq})."),
        N_("suspended"),
        'usbguard-py whitelist suspend TB-0001 --reason "under repair" --document MAU-05/2026',
    ),
    "resume": Words(
        N_("Take a suspended device into use again"),
        N_("Take a suspended device into use again.\n\nOne that was lost and found has to be inspected before."),
        N_("{id} is in use again (record {seq})."),
        N_("taken into use again"),
        "usbguard-py whitelist resume TB-0001 --reason repaired --document MAU-06/2026",
    ),
    "lost": Words(
        N_("Report a device lost, at once"),
        N_(
            "Report a device lost, at once.\n\n"
            "When it is plugged in anywhere on this list, it is blocked with an alarm."
        ),
        N_("{id} is reported lost (record {seq})."),
        N_("reported lost"),
        'usbguard-py whitelist lost TB-0001 --reason "not found on moving" --document MAU-07/2026',
    ),
    "found": Words(
        N_("Record that a lost device was found"),
        N_(
            "Record that a lost device was found.\n\n"
            "It is suspended then, or what it was before if it could not be used; it has to be inspected first."
        ),
        N_("{id} is found (record {seq}). It has to be inspected before it is used again."),
        N_("found"),
        'usbguard-py whitelist found TB-0001 --reason "handed in" --document MAU-08/2026',
    ),
    "damaged": Words(
        N_("Record that a device is damaged, at once"),
        N_(
            "Record that a device is damaged, at once.\n\n"
            "It may not be used any more. What is repaired after all is revoked and put on the list anew."
        ),
        N_("{id} is registered as damaged (record {seq})."),
        N_("damaged"),
        'usbguard-py whitelist damaged TB-0001 --reason "does not start" --document MAU-09/2026',
    ),
    "return": Words(
        N_("Record that a device was handed back"),
        N_(
            "Record that a device was handed back.\n\n"
            "Nobody holds it then, and its state stays: a device in use does not open until it is assigned."
        ),
        N_("{id} is handed back (record {seq})."),
        N_("handed back"),
        'usbguard-py whitelist return TB-0001 --reason "left the unit" --document MAU-10/2026',
    ),
    "revoke": Words(
        N_("Revoke the right to use a device, at once"),
        "",
        N_("The right to use {id} is revoked (record {seq})."),
        N_("right of use revoked"),
    ),
    "destroy": Words(
        N_("Record that a device was destroyed"),
        N_(
            "Record that a device was destroyed.\n\n"
            "Only one that is revoked or damaged, and was handed back. It stays on the list and never changes again."
        ),
        N_("{id} is registered as destroyed (record {seq})."),
        N_("destroyed"),
        'usbguard-py whitelist destroy TB-0001 --reason "council of 21/11/2026" --document MAU-11/2026',
    ),
    "correct": Words(
        N_("Correct what is written about a device"),
        N_(
            "Correct what is written about a device.\n\n"
            "The record shows old and new. To give it to somebody else, use transfer."
        ),
        N_("{id} is corrected (record {seq})."),
        N_("corrected"),
        'usbguard-py whitelist correct TB-0001 --holder "Tran Thi Mau" --reason "misspelt" --document MAU-12/2026',
    ),
}
# Why a device in use does not open all the same.
OBSTACLES: Mapping[Code, str] = {
    Code.NO_HOLDER: N_("held by nobody"),
    Code.EXPIRED: N_("expired"),
    Code.INSPECTION_DUE: N_("inspection due"),
}
HINTS: Mapping[Code, str] = {
    Code.NO_HOLDER: N_("Nobody holds it: it does not open until it is assigned."),
    Code.EXPIRED: N_("Its last day of use has passed: it does not open until that is corrected (--expires)."),
    Code.INSPECTION_DUE: N_("It does not open until an inspection is recorded."),
}
