"""The receipt that taking a list leaves beside the file, for the computer that keeps the list."""

from pathlib import Path

from usbguard_py import paths
from usbguard_py.cli.output import say
from usbguard_py.core.carrying import Receipt
from usbguard_py.core.list_notes import Taken
from usbguard_py.errors import CannotWrite, GuardError
from usbguard_py.i18n import _
from usbguard_py.shell.carried_files import write_receipt
from usbguard_py.shell.reader import Reader


def drive_of(path: Path) -> int:
    """Which file system the file is on; 0 when there is none any more."""
    try:
        return path.absolute().parent.stat().st_dev
    except OSError:
        return 0


def leave(path: Path, drive: int) -> tuple[str, str]:
    """Where the receipt was written, or why there is none: the list is taken in either case."""
    if (
        drive_of(path) != drive
    ):  # the list closed the drive itself; below its mount point lies a folder of this computer
        return "", str(CannotWrite(path=str(path.parent), detail="No such file or directory"))
    try:
        with Reader(paths.DATABASE) as reader:
            own, source = reader.machine(), reader.source()
        if not isinstance(source, Taken):
            return "", ""
        head = source.head
        one = Receipt(own, head.origin.id, head.number, head.sha256, source.at, source.held)
        return str(write_receipt(path, one)), ""
    except GuardError as error:
        return "", str(error)


def tell(receipt: str, problem: str) -> None:
    """Say where it is, or why there is none."""
    if receipt:
        say(_("The receipt is {file}. Carry it back to the computer that keeps the list.").format(file=receipt))
    elif problem:
        text = _("No receipt could be written: {problem} The computer that keeps the list does not learn of it.")
        say(text.format(problem=problem), "warn")
