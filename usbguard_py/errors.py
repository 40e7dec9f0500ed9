"""One root for every error a person may see: a sentence, a remedy and an exit code.

The texts are the English source texts of the translation catalogue; they are translated when
the error is shown, so that one error object reads in any language. Facts named in braces are
escaped before they get here (:func:`usbguard_py.core.text.escaped`).

Exit codes follow ``sysexits.h`` where a code of it fits (64 usage, 65 data, 69 unavailable,
70 internal, 73 cannot create, 74 input/output, 75 try again, 76 protocol, 77 permission, 78 configuration) and stay
below 64 for outcomes of a question (1 a negative answer).
"""

from usbguard_py import tampering
from usbguard_py.i18n import N_, translate
from usbguard_py.phrases import in_words


class GuardError(Exception):
    """Root of all errors of this product.

    Args:
        **facts: the values for the braces of ``sentence`` and ``remedy``.
    """

    exit_code = 70
    sentence = N_("Something went wrong: {detail}.")
    remedy = N_("Run `usbguard-py status` and report the sentence above.")

    def __init__(self, **facts: object) -> None:
        super().__init__()
        self.facts = facts

    def __str__(self) -> str:
        return translate(self.sentence).format_map(_Facts(in_words(self.facts)))

    def advice(self) -> str:
        """The remedy, in the language in use."""
        return translate(self.remedy).format_map(_Facts(in_words(self.facts)))


class _Facts(dict[str, object]):
    """A mapping that shows a missing fact as its name instead of failing while reporting."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class NotFound(GuardError):
    """What was asked for is not there."""

    exit_code = 1
    sentence = N_("There is no {what} “{name}”.")
    remedy = N_("List what there is and use a name from that list.")


class Usage(GuardError):
    """The request itself is incomplete or contradicts itself."""

    exit_code = 64
    sentence = N_("The request is not complete: {detail}.")
    remedy = N_("See `usbguard-py --help`.")


class ReasonNeeded(Usage):
    """A change to the list came without its reason or document number."""

    sentence = N_("A reason and document number are required when {action}.")
    remedy = N_("Add --reason and --document.")


class BadPolicy(GuardError):
    """A policy text that cannot be read; ``where`` is ``file:line``."""

    exit_code = 78
    sentence = N_("The policy cannot be used: {where}: {detail}.")
    remedy = N_("Correct that line. The policy in force has not changed.")


class BadDescriptors(GuardError):
    """Raw descriptors that break the USB specification or our bounds; ``offset`` in bytes."""

    exit_code = 65
    sentence = N_("The device's descriptors are malformed at byte {offset}: {detail}.")
    remedy = N_("The device stays blocked. Keep it and report it; do not try it elsewhere.")


class BadInput(GuardError):
    """A file given to us that is not what it should be."""

    exit_code = 65
    sentence = N_("{where}: {detail}.")
    remedy = N_("Correct the file and try again; nothing was changed.")


class DaemonUnavailable(GuardError):
    """The control socket does not answer."""

    exit_code = 69
    sentence = N_("The usbguard-py daemon is not running.")
    remedy = N_(
        "Start it with: systemctl start usbguard-py. On a protected computer new devices stay blocked until then."
    )


class NoAnswer(GuardError):
    """The daemon took the request and did not answer it."""

    exit_code = 69
    sentence = N_("The usbguard-py daemon did not answer within {seconds} seconds.")
    remedy = N_("Look at it with: systemctl status usbguard-py. What was asked may still be carried out.")


class BadMessage(GuardError):
    """Bytes on the control socket that are no message of its format."""

    exit_code = 76
    sentence = N_("A message on the control socket cannot be read: {detail}.")
    remedy = N_("Use the command and the daemon of the same version of usbguard-py.")


class PermissionRefused(GuardError):
    """The caller's role does not include the request."""

    exit_code = 77
    sentence = N_("Permission denied: this action is for the {role}.")
    remedy = N_("Ask an account with that role, or an administrator, to do it.")


class DatabaseTrouble(GuardError):
    """The database is missing, damaged, foreign, read-only, or the disk is full."""

    exit_code = 74
    sentence = N_("The device list and log cannot be used: {detail}.")
    remedy = N_("All external devices stay blocked. Keep the file {path} as it is and restore a verified copy.")


class DatabaseMissing(DatabaseTrouble):
    """There is no file where the database should be, or it was replaced while in use."""

    sentence = N_("The device list and log cannot be used: the file {path} is missing or was replaced.")
    remedy = N_("All external devices stay blocked. Put a verified copy at that place; do not start an empty one.")


class DatabaseForeign(DatabaseTrouble):
    """An SQLite file of another program, or one whose tables or guards were changed."""

    sentence = N_("The device list and log cannot be used: {path} is not an unchanged usbguard-py database.")


class DatabaseVersion(DatabaseTrouble):
    """A database of another version of this product; ``found`` and ``known`` are schema numbers."""

    sentence = N_("The database {path} has version {found}; this program reads version {known}.")
    remedy = N_("All external devices stay blocked. Use the usbguard-py package that wrote it, or a newer one.")


class DatabaseDamaged(DatabaseTrouble):
    """SQLite finds the file malformed."""

    sentence = N_("The device list and log cannot be used: the file {path} is damaged.")


class DatabaseReadOnly(DatabaseTrouble):
    """The file, its folder or the file system takes no writes; what was so at the daemon's start stays so for it."""

    sentence = N_("Nothing can be recorded: {path} is read-only.")
    remedy = N_(
        "All external devices stay blocked. Make the file system writable again (see: findmnt -T {path}), then: "
        "systemctl restart usbguard-py"
    )


class DatabaseBusy(DatabaseTrouble):
    """Another program holds the database."""

    sentence = N_("Another program keeps the database {path} locked.")
    remedy = N_("All external devices stay blocked. Find the program and end it: fuser -v {path}")


class DiskFull(DatabaseTrouble):
    """No space is left for an entry."""

    sentence = N_("Nothing can be recorded: the disk that holds {path} is full.")
    remedy = N_("All external devices stay blocked. Free space on that disk; work goes on by itself.")


class ListDiffers(DatabaseTrouble):
    """A row of the list is not what its entry in the ledger says."""

    tampering = tampering.Kind.LIST.value
    sentence = N_("The list was changed outside usbguard-py: {name} is not what the log says.")
    remedy = N_("All external devices stay blocked. Keep the file {path} as it is and report to the security officer.")


class FileExists(GuardError):
    """A file would be overwritten."""

    exit_code = 73
    sentence = N_("The file {path} exists already.")
    remedy = N_("Choose another name, or add --force to replace it.")


class CannotWrite(GuardError):
    """A file could not be written."""

    exit_code = 73
    sentence = N_("The file {path} cannot be written: {detail}.")
    remedy = N_("Choose another place; nothing was left behind.")


class LedgerBroken(DatabaseTrouble):
    """Verification found a first bad entry; ``tampering``: the kind (:mod:`usbguard_py.tampering`)."""

    exit_code = 1
    sentence = N_("LOG NOT INTACT from record {seq}: {detail}.")
    remedy = N_("Keep the machine and the file as they are and report to the security officer.")

    def advice(self) -> str:
        """What helps against this kind of tampering."""
        return translate(tampering.remedy(self.facts.get("tampering")))


class DeviceGone(GuardError):
    """The device went away, or another one stands at its place."""

    exit_code = 1
    sentence = N_("The device {name} was removed or replaced.")
    remedy = N_("Plug it in again.")


class SysfsTrouble(GuardError):
    """The kernel refused a write, or what reads back is not what was written."""

    exit_code = 74
    sentence = N_("The kernel did not take {value} for {attribute} of {name}: {detail}.")
    remedy = N_("The device is treated as not allowed. Unplug it and report.")


class AlreadyRunning(GuardError):
    """Another usbguard-py daemon, or another enforcer, is active."""

    exit_code = 69
    sentence = N_("{what} is already running on this machine.")
    remedy = N_("Only one enforcer may decide. Stop the other one first: {command}")


class NotRoot(GuardError):
    """A command that needs root was started by somebody else."""

    exit_code = 77
    sentence = N_("This command must be run by root.")
    remedy = N_("Use: sudo {command}")


class NoUsb(GuardError):
    """The kernel offers no USB bus."""

    exit_code = 69
    sentence = N_("The kernel offers no USB bus on this machine.")
    remedy = N_("Nothing can be connected over USB; the daemon waits until a bus appears.")


class NotCut(GuardError):
    """A right was revoked, and the drive could not be cut off before the deadline."""

    exit_code = 74
    sentence = N_("The right to use {id} is revoked (record {seq}), but {name} could not be cut off.")
    remedy = N_("Unplug it now and keep it. The log says what failed: usbguard-py log --kind alarm")


class AlreadyListed(GuardError):
    """The same device is on the list and was not taken off."""

    exit_code = 1
    sentence = N_("The device is already on the list as {name} (holder {holder}).")
    remedy = N_("To give it to somebody else: usbguard-py whitelist transfer {name}")


class KeyboardNotEnrolled(GuardError):
    """Enforcing would take the only keyboard away."""

    exit_code = 1
    sentence = N_("The keyboard on port {name} is not enrolled; enforcing now would lock it out.")
    remedy = N_("Enrol it first: usbguard-py peripheral enrol {name}")


def kinds() -> tuple[type[GuardError], ...]:
    """Every kind of error, in the order of this file, then those of devices, the floor, their life, lists, papers."""
    from usbguard_py import (  # noqa: PLC0415 - they take the root from here
        errors_device,
        errors_floor,
        errors_life,
        errors_list,
        errors_paper,
        errors_trial,
    )

    modules = (errors_device, errors_floor, errors_life, errors_list, errors_paper, errors_trial)
    every = (*globals().values(), *(value for module in modules for value in vars(module).values()))
    return tuple(dict.fromkeys(k for k in every if isinstance(k, type) and issubclass(k, GuardError)))
