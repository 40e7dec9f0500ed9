"""The edge between the program and a person: every error becomes a sentence, a remedy and an exit code.

Exit codes: 0 done; 1 a negative answer; 64 and above as in ``sysexits.h``, each error class its own
(``docs/exit-codes.md`` is generated from them); 130 interrupted (128 + SIGINT), 141 the reader of a
pipe went away (128 + SIGPIPE).
"""

import os
import sys
from collections.abc import Mapping
from types import MappingProxyType, TracebackType

from usbguard_py.cli.output import json_text, put, say
from usbguard_py.errors import GuardError, Usage
from usbguard_py.i18n import N_, _

TYPE_CHECKING = False  # usbguard_py.plain says why
if TYPE_CHECKING:
    import click

INTERNAL = 70  # EX_SOFTWARE
INTERRUPTED = 130
PIPE_CLOSED = 141

INTERNAL_SENTENCE = N_("A fault in usbguard-py itself: {detail}.")
INTERNAL_REMEDY = N_("Nothing more was done. Run the command again with USBGUARD_PY_DEBUG=1 and report what it prints.")

_PLACE = ("tampering", "record")  # facts of an error that JSON has by themselves: what was done to a log, and where

_json = [False]


def begin() -> None:
    """Forget what an earlier run in this process wanted, and take over what nobody else catches."""
    _json[0] = False
    sys.excepthook = unexpected


def json_wanted(value: bool) -> bool:  # noqa: FBT001 - a flag's callback
    """Remember that errors are to be JSON too; returns ``value``."""
    _json[0] = _json[0] or value
    return value


class handler:  # noqa: N801 - used as a function is, in a ``with`` statement
    """Turn an error into words on stderr and exit with its code."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, GuardError):
            place = {name: said for name in _PLACE if (said := error.facts.get(name, getattr(error, name, None)))}
            tell(type(error).__name__, str(error), error.advice(), error.exit_code, place)
            sys.exit(error.exit_code)
        if isinstance(error, BrokenPipeError):
            # What is still buffered would raise again when the interpreter flushes it at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.exit(PIPE_CLOSED)
        if isinstance(error, KeyboardInterrupt):
            _interrupted()
        if "click" in sys.modules and error is not None:
            _of_click(error)


def _interrupted() -> None:
    put(err=True)
    sys.exit(INTERRUPTED)


def _of_click(error: BaseException) -> None:
    """End as click's own errors ask for; any other goes on."""
    import click  # noqa: PLC0415 - where it was never loaded, nothing of it is raised

    if isinstance(error, click.exceptions.Exit):
        sys.exit(error.exit_code)
    if isinstance(error, click.UsageError):
        _usage(error)
        sys.exit(Usage.exit_code)
    if isinstance(error, click.ClickException):
        tell("BadInput", error.format_message(), "", Usage.exit_code)
        sys.exit(Usage.exit_code)
    if isinstance(error, click.Abort):
        _interrupted()


def tell(name: str, sentence: str, remedy: str, code: int, more: Mapping[str, object] = MappingProxyType({})) -> None:
    """Print an error for a person, or as JSON when that was asked for; ``more`` is for programs only."""
    if _json[0]:
        answer = {"error": name, "sentence": sentence, "remedy": remedy, "exit_code": code, **more}
        put(json_text(answer), err=True)
        return
    say(_("Error: {sentence}").format(sentence=sentence), "bad", err=True)
    if remedy:
        say("→ " + remedy, err=True)


def _usage(error: "click.UsageError") -> None:
    remedy = ""
    if type(error).__name__ == "NoArgsIsHelpError" and not _json[0]:
        put(error.format_message(), err=True)  # the whole help, already fit for the terminal
        return
    if error.ctx is not None:
        if not _json[0]:
            say(error.ctx.get_usage().replace("\n", " "), err=True)
        remedy = _("See: {command} --help").format(command=error.ctx.command_path)
    tell("Usage", error.format_message(), remedy, Usage.exit_code)


def unexpected(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    """The last resort (``sys.excepthook``): one sentence, the traceback only when asked for, exit code 70."""
    if os.environ.get("USBGUARD_PY_DEBUG") == "1":
        import traceback  # noqa: PLC0415 - costs a twentieth of a quick command, and is rarely wanted

        traceback.print_exception(kind, fault, trace)
    tell("GuardError", _(INTERNAL_SENTENCE).format(detail=kind.__name__), _(INTERNAL_REMEDY), INTERNAL)
    sys.exit(INTERNAL)
