"""The command line: one file per command, imported when called, from the table in ``root``."""

import gc
import sys


def main() -> None:
    """Run ``usbguard-py`` with the process's arguments and exit with its code."""
    gc.disable()  # what is imported stays: looking it through again and again takes a twentieth of the start
    if sys.argv[1:] == ["hands"]:
        # A drive waits to be cut while this process starts: the command line's libraries cost more than the cut.
        from usbguard_py.daemon.hands import main as hands  # noqa: PLC0415 - only the helper needs it

        gc.enable()
        hands()
    if sys.argv[1:] == ["daemon"]:
        _daemon()
        return
    from usbguard_py.cli import quick  # noqa: PLC0415 - as above

    if quick.answered(sys.argv[1:]):  # ends before there is anything to collect
        return
    from usbguard_py.cli.root import cli  # noqa: PLC0415 - nothing is imported before a command is wanted

    gc.enable()
    cli.main(prog_name="usbguard-py")


def _daemon() -> None:
    """Run the judge without the command line's libraries: they would stay in its memory and delay its start.

    It has garbage collected again when it is ready.
    """
    from usbguard_py.daemon.main import run  # noqa: PLC0415 - only the daemon needs it
    from usbguard_py.errors import GuardError  # noqa: PLC0415 - as above
    from usbguard_py.i18n import speaking  # noqa: PLC0415 - as above

    try:
        with speaking("en"):  # what the judge writes into the log reads the same on every machine
            run()
    except GuardError as error:
        from usbguard_py.cli.edge import handler  # noqa: PLC0415 - only now is there something to tell a person

        with handler():
            raise error  # noqa: TRY201 - the handler tells it as for any command
