"""The man pages, from the commands and from the tables of the policy and the ledger (man(7), groff_man(7))."""

from collections.abc import Iterable, Iterator

import click
import formats
from references import CODES, commands, context

from usbguard_py import __version__
from usbguard_py.cli.commands import Command, Group, said, speak
from usbguard_py.cli.root import COMMANDS, cli
from usbguard_py.i18n import N_, _

FOLDERS = {"en": "docs/man", "vi": "docs/man/vi"}
DATE = "2026-11-21"
FILES = {
    "/etc/usbguard-py/floor/mode": N_("What holds before the daemon runs: enforce or observe."),
    "/var/lib/usbguard-py/usbguard-py.db": N_("The list, the log and the policy in force."),
    "/usr/share/usbguard-py/policies/": N_("The policies that come with the program."),
    "/run/usbguard-py/control.sock": N_("Where the commands ask the daemon."),
}
ENVIRONMENT = {
    "USBGUARD_PY_LANG": N_("Language of the texts, vi or en; before LC_ALL, LC_MESSAGES and LANG."),
    "NO_COLOR": N_("No colours when set to anything."),
    "USBGUARD_PY_DEBUG": N_("1: print the traceback of a fault in the program."),
}


def escaped(text: str) -> str:
    """``text`` for a roff line: backslashes and hyphens as themselves, no line that begins with a control."""
    shown = text.replace("\\", "\\e").replace("-", "\\-").replace("“", "\\(lq").replace("”", "\\(rq")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in shown.split("\n"))


def header(name: str, number: int, about: str) -> list[str]:
    """The title line and NAME."""
    return [
        "'\\\" -*- coding: UTF-8 -*-",
        '.\\" Written by scripts/generate.py.',
        f'.TH {escaped(name.upper())} {number} "{DATE}" "usbguard\\-py {__version__}"',
        section(N_("NAME")),
        f"{escaped(name)} \\- {escaped(about)}",
    ]


def section(name: str) -> str:
    """The heading of a section."""
    return f".SH {escaped(_(name))}"


def paragraphs(text: str) -> Iterator[str]:
    """Paragraphs of plain text."""
    for index, part in enumerate(text.split("\n\n")):
        if index:
            yield ".PP"
        yield escaped(part.strip())


def definitions(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A list of terms."""
    for term, meaning in pairs:
        yield ".TP"
        yield f".B {escaped(term)}"
        yield escaped(meaning) or "\\&"


def options(command: click.Command, ctx: click.Context) -> Iterator[str]:
    """The options of one command."""
    records = [p.get_help_record(ctx) for p in command.get_params(ctx)]
    yield from definitions(r for r in records if r)


def verb(command: click.Command, ctx: click.Context) -> Iterator[str]:
    """One command of a group, as a subsection."""
    usage = " ".join(command.collect_usage_pieces(ctx))
    yield f".SS {escaped(ctx.command_path)}"
    yield f".B {escaped(ctx.command_path)}"
    yield escaped(usage)
    yield ".PP"
    yield from paragraphs(said(command.help))
    yield from options(command, ctx)
    yield from examples(command, ".PP")


def examples(command: click.Command, before: str) -> Iterator[str]:
    """The examples of one command."""
    if isinstance(command, Command) and command.examples:
        yield from (before, ".nf", ".RS", *(escaped(e) for e in command.examples), ".RE", ".fi")


def page(name: str, about: str, command: click.Command, ctx: click.Context) -> str:
    """The page of one command of the table."""
    lines = header(name, 1, about)
    lines += [section(N_("SYNOPSIS")), f".B {escaped(ctx.command_path)}"]
    lines += [escaped(" ".join(command.collect_usage_pieces(ctx)))]
    lines += [section(N_("DESCRIPTION")), *paragraphs(said(command.help))]
    lines += [section(N_("OPTIONS")), *options(command, ctx)]
    if isinstance(command, Group):
        lines.append(section(N_("COMMANDS")))
        if command is cli:
            lines += definitions((f"usbguard-py {n}", _(p.help)) for n, p in COMMANDS.items() if not p.hidden)
        else:
            lines += [line for c, x in list(commands(command, ctx))[1:] for line in verb(c, x)]
    lines += examples(command, section(N_("EXAMPLES")))
    lines += ending(name)
    return "\n".join(lines) + "\n"


def ending(name: str) -> Iterator[str]:
    """What every page ends with."""
    yield section(N_("EXIT STATUS"))
    yield from definitions((str(code), _(text)) for code, text in CODES.items())
    yield section(N_("ENVIRONMENT"))
    yield from definitions((term, _(text)) for term, text in ENVIRONMENT.items())
    yield section(N_("FILES"))
    yield from definitions((term, _(text)) for term, text in FILES.items())
    yield from see_also(name)


def see_also(name: str) -> Iterator[str]:
    """The other pages."""
    pages = ["usbguard-py(1)", *(f"usbguard-py-{n}(1)" for n, p in COMMANDS.items() if not p.hidden)]
    pages += ["usbguard-py-policy(5)", "usbguard-py-ledger(5)"]
    yield section(N_("SEE ALSO"))
    others = [p.partition("(") for p in pages if not p.startswith(f"{name}(1") and p != name]
    yield from (
        f".BR {escaped(n)} ({s}" + ("" if i == len(others) - 1 else " ,") for i, (n, _p, s) in enumerate(others)
    )


def man_pages() -> dict[str, bytes]:
    """All pages in both languages."""
    made: dict[str, str] = {}
    for language, folder in FOLDERS.items():
        speak(language)
        root = context(cli, "usbguard-py")
        made[f"{folder}/usbguard-py.1"] = page("usbguard-py", _("only approved USB devices work"), cli, root)
        for name, place in COMMANDS.items():
            command = cli.get_command(root, name)
            if command is not None and not place.hidden:
                text = page(f"usbguard-py-{name}", _(place.help), command, context(command, name, root))
                made[f"{folder}/usbguard-py-{name}.1"] = text
        for name, lines, about in (
            ("usbguard-py-policy", formats.policy, _("what a policy may set")),
            ("usbguard-py-ledger", formats.ledger, _("the records of the log")),
        ):
            parts = [*header(name, 5, about), *lines(definitions, paragraphs), *see_also(f"{name}(5)")]
            made[f"{folder}/{name}.5"] = "\n".join(parts) + "\n"
    return {path: text.encode() for path, text in made.items()}
