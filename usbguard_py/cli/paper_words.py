"""What each paper is called, what its command says, and what comes after it is signed."""

from collections.abc import Mapping

import msgspec

from usbguard_py.i18n import N_
from usbguard_py.papers.kinds import FIELDS


class Words(msgspec.Struct, frozen=True):
    """The line of a paper in the table of commands, its help, an example, and the next step when it is signed."""

    line: str
    help: str
    example: str
    after: str = ""


WORDS: Mapping[str, Words] = {
    "handover": Words(
        N_("Minutes of a hand-over"),
        N_("Make minutes of the hand-over of the devices ID, one paper for all of them."),
        'usbguard-py paper handover TB-0001 TB-0002 --out ban-giao.docx --receiver "Nguyen Van Mau"',
        N_("When it is signed, put its number on the list: usbguard-py whitelist assign ID (or transfer) --document …"),
    ),
    "recovery": Words(
        N_("Minutes of a recovery"),
        N_("Make minutes of the recovery of the devices ID, one paper for all of them."),
        'usbguard-py paper recovery --holder "Nguyen Van Mau" --out thu-hoi.docx',
        N_("When it is signed, put its number on the list: usbguard-py whitelist return ID --document …"),
    ),
    "inspection": Words(
        N_("Minutes of an inspection"),
        N_("Make minutes of the security inspection of the devices ID, one paper for all of them."),
        "usbguard-py paper inspection --state in-use --out kiem-tra.docx",
        N_("When it is signed, put its number on the list: usbguard-py whitelist inspect ID --document …"),
    ),
    "destruction": Words(
        N_("Minutes of a destruction"),
        N_("Make minutes of the destruction of the devices ID, which were revoked or are damaged."),
        "usbguard-py paper destruction TB-0003 --out tieu-huy.docx",
        N_("When it is signed, put its number on the list: usbguard-py whitelist destroy ID --document …"),
    ),
    "register": Words(
        N_("The register of devices"),
        N_("Make the register of the approved devices; without ID and options of all of them."),
        "usbguard-py paper register --out so-theo-doi.docx",
    ),
}
OPTIONS: Mapping[str, str] = {name: f"--{name.replace('_', '-')}" for name in FIELDS}
"""Field of the shipped forms: its option."""
USED: Mapping[str, tuple[str, ...]] = {
    "handover": (
        "basis",
        "venue",
        "giver",
        "giver_position",
        "giver_unit",
        "receiver",
        "receiver_position",
        "receiver_unit",
    ),
    "recovery": (
        "basis",
        "venue",
        "cause",
        "giver",
        "giver_position",
        "giver_unit",
        "receiver",
        "receiver_position",
        "receiver_unit",
    ),
    "inspection": (
        "basis",
        "venue",
        "inspector",
        "inspector_position",
        "inspector_unit",
        "present",
        "present_position",
        "present_unit",
    ),
    "destruction": ("basis", "venue", "chair", "chair_position", "secretary", "witness", "method"),
    "register": ("keeper",),
}
"""The fields of each shipped form, beside those of its head."""
HEAD = ("body_above", "body", "body_code", "place")
