"""Commands, groups and options whose help is translated when it is shown, and groups that import late."""

import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec

from usbguard_py import i18n
from usbguard_py.cli import edge
from usbguard_py.cli.display import accents, plain
from usbguard_py.i18n import N_, translate

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem  # costs more than the rest; only a type here


class Place(msgspec.Struct, frozen=True):
    """Where a command is, so that a list of commands needs no import: module, its attribute, one line of help."""

    module: str
    help: str
    attribute: str = "command"
    hidden: bool = False


class Option(click.Option):
    """An option with help from the catalogue."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The option's two columns of help, in the language in use."""
        source = self.help
        self.help = said(source)
        try:
            return super().get_help_record(ctx)
        finally:
            self.help = source


class Command(click.Command):
    """A command with help from the catalogue, examples below it, and ``--json`` and ``--lang``."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), json: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples
        if json:
            self.params.append(_json_option())
        self.params.append(lang_option())

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """``--help``, in the language in use."""
        return _help_option(super().get_help_option(ctx))

    def get_help(self, ctx: click.Context) -> str:
        """The whole help, without accents where they cannot be shown."""
        return _shown(super().get_help(ctx))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """What the command does."""
        _write_help(self, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The examples."""
        if self.examples:
            with formatter.section(translate("Examples")):
                for example in self.examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{example}\n")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list["CompletionItem"]:
        """What may follow, explained in the language in use."""
        return _explained(super().shell_complete(ctx, incomplete))

    def get_short_help_str(self, limit: int = 60) -> str:
        """One line of help."""
        return _first_sentence(said(self.help), limit)


class Group(click.Group):
    """A group of commands, from one explicit table, each imported when it is called.

    Args:
        places: the table.
        default: the command that is meant when none is named, if any.
    """

    command_class = Command

    def __init__(self, *args: Any, places: Mapping[str, Place] | None = None, default: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = dict(places or {})
        self.default = default
        self.params.append(lang_option())

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return [*self.places, *super().list_commands(ctx)] if self.places else list(self.commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself; imports its module."""
        place = self.places.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        found: click.Command = getattr(importlib.import_module(place.module), place.attribute)
        found.hidden = place.hidden
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command in when none is named."""
        known = {*self.list_commands(ctx), *ctx.help_option_names}
        place = 0
        while args[place:] and args[place].partition("=")[0] == "--lang":
            place += 1 if "=" in args[place] else 2
        completing_the_first = ctx.resilient_parsing and not args[place:]
        if self.default and not (args[place:] and args[place] in known) and not completing_the_first:
            args = [*args[:place], self.default, *args[place:]]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list["CompletionItem"]:
        """What may follow: the group's own, and the options of its default command."""
        found = _explained(super().shell_complete(ctx, incomplete))
        default = self.get_command(ctx, self.default) if self.default else None
        if default is not None and incomplete.startswith("-"):
            known = {item.value for item in found}
            given = click.Context(default, info_name=self.default, parent=ctx, resilient_parsing=True)
            found += [item for item in default.shell_complete(given, incomplete) if item.value not in known]
        return found

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """``--help``, in the language in use."""
        return _help_option(super().get_help_option(ctx))

    def get_help(self, ctx: click.Context) -> str:
        """The whole help, without accents where they cannot be shown."""
        return _shown(super().get_help(ctx))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """What the group is for."""
        _write_help(self, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, with the table's lines: nothing is imported to list them."""
        rows = []
        for name in self.list_commands(ctx):
            place = self.places.get(name)
            if place is None:
                rows.append((name, self.commands[name].get_short_help_str(formatter.width)))
            elif not place.hidden:
                rows.append((name, translate(place.help)))
        with formatter.section(translate("Commands")):
            formatter.write_dl(rows)

    def get_short_help_str(self, limit: int = 60) -> str:
        """One line of help."""
        return _first_sentence(said(self.help), limit)


class Root(Group):
    """The outermost group: runs a command and turns every error into words and an exit code."""

    def main(  # type: ignore[override] # the edge is here, so click's own modes of ending do not exist
        self, args: Sequence[str] | None = None, prog_name: str = "usbguard-py", **extra: Any
    ) -> None:
        """Run and exit; see :mod:`usbguard_py.cli.edge`."""
        words = list(sys.argv[1:] if args is None else args)
        speak("")
        edge.begin()
        self._complete(prog_name)
        with edge.handler():
            with self.make_context(prog_name, words, **extra) as ctx:
                self.invoke(ctx)
            sys.stdout.flush()
        sys.exit(0)

    def _complete(self, prog_name: str) -> None:
        instruction = os.environ.get("_USBGUARD_PY_COMPLETE")
        if instruction:
            from click.shell_completion import shell_complete  # noqa: PLC0415 - only when a shell asks

            sys.exit(shell_complete(self, {}, prog_name, "_USBGUARD_PY_COMPLETE", instruction))


def speak(name: str) -> None:
    """Use the language ``name`` from now on, in our texts and in click's; empty for the environment's."""
    import gettext  # noqa: PLC0415 - the standard module, beside our own names for its functions

    i18n.choose(name)
    # click asks the standard gettext, whose language is this variable (gettext(3)); its texts are in our catalogue.
    os.environ["LANGUAGE"] = i18n.language()
    gettext.bindtextdomain(i18n.DOMAIN, str(i18n.LOCALE))
    gettext.textdomain(i18n.DOMAIN)


def said(text: str | None) -> str:
    """A text of a command in the language in use; empty for none."""
    return translate(text) if text else ""


def lang_option() -> Option:
    """``--lang vi|en``."""
    return Option(
        ["--lang"],
        type=click.Choice(i18n.LANGUAGES),
        is_eager=True,
        expose_value=False,
        callback=lambda _ctx, _param, value: speak(value) if value else None,
        help=N_("Language of the texts; otherwise the environment's (LC_ALL, LC_MESSAGES, LANG)."),
    )


def _json_option() -> Option:
    return Option(
        ["--json", "as_json"],
        is_flag=True,
        is_eager=True,
        callback=lambda _ctx, _param, value: edge.json_wanted(value),
        help=N_("Print JSON for programs: stable names and codes, whatever the language."),
    )


def option(*names: str, **attributes: Any) -> Callable[[Any], Any]:
    """An option whose ``help`` is in the catalogue."""
    return click.option(*names, cls=Option, **attributes)


def _explained(items: list["CompletionItem"]) -> list["CompletionItem"]:
    """Completions with their help, which click takes from the catalogue's source, in the language in use."""
    for item in items:
        item.help = said(item.help) or None
    return items


def _write_help(command: click.Command, formatter: click.HelpFormatter) -> None:
    if command.help:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(said(command.help))


def _help_option(found: click.Option | None) -> click.Option | None:
    if found is not None:
        found.help = translate("Show this message and exit.")
    return found


def _shown(text: str) -> str:
    return text if accents(sys.stdout) else "\n".join(plain(line) for line in text.split("\n"))


def _first_sentence(text: str, limit: int) -> str:
    first = text.partition(". ")[0].partition("\n")[0].rstrip(".")
    return first if len(first) <= limit else first[: limit - 1] + "…"
