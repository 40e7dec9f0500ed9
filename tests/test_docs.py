"""The documents say what the commands do: every command, option, code and page, in both languages."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from usbguard_py import errors
from usbguard_py.cli.commands import Command, Group, speak
from usbguard_py.cli.root import COMMANDS, cli
from usbguard_py.i18n import choose
from usbguard_py.shell.schema import APPLICATION_ID, SCHEMA_VERSION

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted((DOCS / "man").rglob("*.[15]"))


def walked(command: click.Command, ctx: click.Context) -> list[tuple[str, click.Command, click.Context]]:
    found = [(ctx.command_path, command, ctx)]
    if isinstance(command, Group):
        for name in command.list_commands(ctx):
            below = command.get_command(ctx, name)
            assert below is not None, f"{name} is in the table and nowhere else"
            found += walked(below, click.Context(below, info_name=name, parent=ctx))
    return found


EVERY = walked(cli, click.Context(cli, info_name="usbguard-py"))
SHOWN = [c for c in EVERY if not c[1].hidden]


@pytest.mark.parametrize("page", ["cli.md", "vi/cli.md"])
@pytest.mark.parametrize(("path", "command"), [c[:2] for c in SHOWN], ids=[c[0] for c in SHOWN])
def test_every_command_is_in_the_reference(page: str, path: str, command: click.Command) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    (section,) = re.findall(rf"^## {re.escape(path)}\n\n```text\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    for parameter in command.params:
        assert all(name in section for name in parameter.opts if name.startswith("-"))


@pytest.mark.parametrize(("path", "command", "ctx"), EVERY, ids=[c[0] for c in EVERY])
def test_every_command_and_option_has_help_in_both_languages(
    path: str, command: click.Command, ctx: click.Context
) -> None:
    helps = {}
    for language in ("vi", "en"):
        speak(language)
        helps[language] = command.get_help(ctx)
        options = [p.get_help_record(ctx) for p in command.get_params(ctx) if isinstance(p, click.Option)]
        assert [o for o in options if o is not None and not o[1]] == [], path
    choose("")
    assert command.help
    assert helps["vi"] != helps["en"]
    assert max(len(line) for text in helps.values() for line in text.splitlines() if "usbguard-py" not in line) <= 80


@pytest.mark.parametrize(("path", "command"), [c[:2] for c in SHOWN], ids=[c[0] for c in SHOWN])
def test_every_command_takes_json_and_shows_an_example(path: str, command: click.Command) -> None:
    if isinstance(command, Command):
        assert any("usbguard-py" in e for e in command.examples), path
        options = {name for p in command.params for name in p.opts}
        assert "--json" in options or command.name in {"daemon", "completion"}


def test_only_the_helper_is_hidden() -> None:
    assert [name for name, place in COMMANDS.items() if place.hidden] == ["hands"]


def test_every_error_and_its_code_is_documented() -> None:
    text = (DOCS / "exit-codes.md").read_text(encoding="utf-8")
    kinds = errors.kinds()
    assert [k.__name__ for k in kinds if f"| {k.exit_code} | `{k.__name__}` |" not in text] == []
    listed = {int(code) for code in re.findall(r"^\| (\d+) \| [^`(]", text, re.MULTILINE)}
    assert {k.exit_code for k in kinds} | {0, 64, 70, 130, 141} <= listed


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(DOCS / "man")))
def test_man_pages_are_clean(page: Path) -> None:
    command = ["man", "--warnings", "--encoding=UTF-8", "--troff-device=utf8", "--ditroff", "--local-file", str(page)]
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "80"}
    run = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout


def test_every_command_has_its_page_in_both_languages() -> None:
    wanted = {"usbguard-py.1", "usbguard-py-policy.5", "usbguard-py-ledger.5"}
    wanted |= {f"usbguard-py-{name}.1" for name, place in COMMANDS.items() if not place.hidden}
    for folder in (DOCS / "man", DOCS / "man/vi"):
        assert {p.name for p in folder.glob("*.[15]")} == wanted


def test_completion_is_good_bash_and_completes(tmp_path: Path) -> None:
    script = DOCS / "completion/usbguard-py.bash"
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    program = tmp_path / "usbguard-py"
    program.write_text(f'#!/bin/sh\ncd {ROOT}\nexec python3 -m usbguard_py "$@"\n')
    program.chmod(0o755)
    ask = (
        f". {script}; COMP_WORDS=(usbguard-py whitelist rev); COMP_CWORD=2; "
        '_usbguard_py_completion usbguard-py; echo "${COMPREPLY[@]}"'
    )
    path = f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    run = subprocess.run(["bash", "-c", ask], env={"PATH": path}, capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "revoke", run.stderr


def test_the_format_names_the_database_s_version() -> None:
    text = (DOCS / "ledger-format.md").read_text(encoding="utf-8")
    said = re.search(r"`application_id` (0x[0-9A-F]{8}) .*`user_version` (\d+)", text)
    assert said
    assert (int(said[1], 16), int(said[2])) == (APPLICATION_ID, SCHEMA_VERSION)


LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda p: str(p.relative_to(DOCS)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [link for link in LINK.findall(text) if not (page.parent / link).exists()] == []
