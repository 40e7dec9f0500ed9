"""The edge between the program and a person: every error becomes a sentence, a remedy and an exit code.

Exit codes: 0 done; 1 a negative answer; 64 and above as in ``sysexits.h``, each error class its own
(``docs/exit-codes.md`` is generated from them); 130 interrupted (128 + SIGINT), 141 the reader of a
pipe went away (128 + SIGPIPE).
"""

import contextlib
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from types import MappingProxyType, TracebackType

import click

from usbguard_py.cli.output import json_text, say
from usbguard_py.errors import GuardError, Usage
from usbguard_py.i18n import N_, _

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


@contextlib.contextmanager
def handler() -> Iterator[None]:
    """Turn an error into words on stderr and exit with its code."""
    try:
        yield
    except GuardError as error:
        place = {name: said for name in _PLACE if (said := error.facts.get(name, getattr(error, name, None)))}
        tell(type(error).__name__, str(error), error.advice(), error.exit_code, place)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.UsageError as error:
        _usage(error)
        sys.exit(Usage.exit_code)
    except click.ClickException as error:
        tell("BadInput", error.format_message(), "", Usage.exit_code)
        sys.exit(Usage.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo(err=True)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # What is still buffered would raise again when the interpreter flushes it at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(PIPE_CLOSED)


def tell(name: str, sentence: str, remedy: str, code: int, more: Mapping[str, object] = MappingProxyType({})) -> None:
    """Print an error for a person, or as JSON when that was asked for; ``more`` is for programs only."""
    if _json[0]:
        answer = {"error": name, "sentence": sentence, "remedy": remedy, "exit_code": code, **more}
        click.echo(json_text(answer), err=True)
        return
    say(_("Error: {sentence}").format(sentence=sentence), "bad", err=True)
    if remedy:
        say("→ " + remedy, err=True)


def _usage(error: click.UsageError) -> None:
    remedy = ""
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and not _json[0]:
        click.echo(error.format_message(), err=True)  # the whole help, already fit for the terminal
        return
    if error.ctx is not None:
        if not _json[0]:
            say(error.ctx.get_usage().replace("\n", " "), err=True)
        remedy = _("See: {command} --help").format(command=error.ctx.command_path)
    tell("Usage", error.format_message(), remedy, Usage.exit_code)


def unexpected(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    """The last resort (``sys.excepthook``): one sentence, the traceback only when asked for, exit code 70."""
    if os.environ.get("USBGUARD_PY_DEBUG") == "1":
        traceback.print_exception(kind, fault, trace)
    tell("GuardError", _(INTERNAL_SENTENCE).format(detail=kind.__name__), _(INTERNAL_REMEDY), INTERNAL)
    sys.exit(INTERNAL)
