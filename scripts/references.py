"""The references in docs/: every command's help, and every exit code, from the code itself."""

from collections.abc import Iterator

import click

from usbguard_py import errors
from usbguard_py.cli import edge
from usbguard_py.cli.commands import Group, speak
from usbguard_py.cli.root import cli
from usbguard_py.errors import GuardError
from usbguard_py.i18n import N_, _

WIDTH = 80  # columns; a text console has at least these

INTRODUCTION = N_("Written by scripts/generate.py from the commands themselves.")
CODES = {
    0: N_("Done; for a question, the answer is yes."),
    1: N_("The answer is no, or what was named is not there."),
    2: N_("doctor found a danger."),
    64: N_("The command line is not complete or contradicts itself."),
    65: N_("A file or a device that was read is not what it should be."),
    69: N_("Something that is needed does not run or is not there."),
    70: N_("A fault in usbguard-py itself."),
    73: N_("A file cannot be written."),
    74: N_("Reading or writing failed: database, disk, kernel."),
    75: N_("Something else is at work; try again later."),
    76: N_("The command and the daemon do not understand each other."),
    77: N_("Permission denied."),
    78: N_("The policy cannot be used."),
    130: N_("Interrupted with Ctrl-C."),
    141: N_("The program that read the output went away."),
}


def commands(command: click.Command, ctx: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """A command and all below it that are not hidden."""
    yield command, ctx
    if isinstance(command, Group):
        for name in command.list_commands(ctx):
            below = command.get_command(ctx, name)
            if below is not None and not below.hidden:
                yield from commands(below, context(below, name, ctx))


def context(command: click.Command, name: str, parent: click.Context | None = None) -> click.Context:
    """A context to print help in, the same on every terminal."""
    settings = {**command.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    return click.Context(command, info_name=name, parent=parent, **settings)


def everything() -> Iterator[tuple[click.Command, click.Context]]:
    """Every command, in the order of the table."""
    return commands(cli, context(cli, "usbguard-py"))


def command_reference(language: str, title: str) -> str:
    """All commands with their help in one language."""
    speak(language)
    parts = [f"# {title}\n\n{_(INTRODUCTION)}\n"]
    for command, ctx in everything():
        parts.append(f"\n## {ctx.command_path}\n\n```text\n{command.get_help(ctx)}\n```\n")
    return "".join(parts)


def kinds() -> list[type[GuardError]]:
    """Every error class, in the order of the file."""
    found = list(errors.kinds())
    return sorted(found, key=lambda k: k.exit_code)


def exit_codes() -> str:
    """The table of exit codes, and the errors of each in both languages."""
    lines = ["# Exit codes · Mã kết thúc\n", "Written by scripts/generate.py from `usbguard_py/errors.py`.\n"]
    lines += ["| code | English | Tiếng Việt |", "| --- | --- | --- |"]
    lines += [f"| {code} | {_in('en', text)} | {_in('vi', text)} |" for code, text in CODES.items()]
    lines += ["\n## Errors · Các lỗi\n", "| code | error | English | Tiếng Việt |", "| --- | --- | --- | --- |"]
    for kind in kinds():
        english, vietnamese = ("<br>→ ".join(_in(n, t) for t in (kind.sentence, kind.remedy)) for n in ("en", "vi"))
        lines.append(f"| {kind.exit_code} | `{kind.__name__}` | {english} | {vietnamese} |")
    internal = ("<br>→ ".join(_in(n, t) for t in (edge.INTERNAL_SENTENCE, edge.INTERNAL_REMEDY)) for n in ("en", "vi"))
    lines.append(f"| {edge.INTERNAL} | (fault) | {' | '.join(internal)} |")
    return "\n".join(lines) + "\n"


def _in(language: str, text: str) -> str:
    speak(language)
    return _(text).replace("|", "\\|")


def references() -> dict[str, bytes]:
    """The files."""
    return {
        "docs/cli.md": command_reference("en", "Commands").encode(),
        "docs/vi/cli.md": command_reference("vi", "Các lệnh").encode(),
        "docs/exit-codes.md": exit_codes().encode(),
    }
