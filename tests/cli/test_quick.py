"""The quick door: it asks what click would ask, prints what click's way prints, and loads nothing it can do without."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from tests.cli.conftest import Run
from tests.cli.rig import STATUS, Judge
from usbguard_py import i18n, paths
from usbguard_py.cli import edge, quick
from usbguard_py.cli.root import cli
from usbguard_py.errors import NotFound
from usbguard_py.shell.store import Store

HERE = Path(__file__).parents[2]
LANGUAGES: tuple[tuple[str, ...], ...] = ((), ("--lang", "vi"), ("--lang=en",))
FLAGS: tuple[tuple[str, ...], ...] = ((), ("--json",), ("--json", "--json"))
NUMBERS = ("0", "7", "007", "100000")


def lines(names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Every combination of options that the door knows for a command, in every order of the three."""
    known = quick.QUICK[names]
    numbers = [(), *((o, n) for o in known.numbers for n in NUMBERS), *((f"{o}={NUMBERS[1]}",) for o in known.numbers)]
    for parts in itertools.product(LANGUAGES, FLAGS, numbers):
        for order in itertools.permutations(parts):
            yield (*names, *(word for part in order for word in part))


def by_click(words: tuple[str, ...]) -> tuple[click.Command, dict[str, Any], str]:
    """The command that click finds, its arguments, the language."""
    i18n.choose("")
    context = cli.make_context("usbguard-py", list(words))
    while isinstance(context.command, click.Group):
        name, command, args = context.command.resolve_command(context, [*context._protected_args, *context.args])
        assert command is not None
        context = command.make_context(name, args, parent=context)
    return context.command, context.params, i18n._chosen[-1] if i18n._chosen else ""


@pytest.mark.parametrize("names", quick.QUICK, ids=" ".join)
def test_both_doors_understand_the_same(names: tuple[str, ...]) -> None:
    tried = set(lines(names))
    assert len(tried) > 10
    for words in tried:
        found = quick.asked(words)
        assert found is not None, words
        command, params, language = by_click(words)
        given = {
            name: value
            for name, value in params.items()
            if (value is not None and value is not False and value != ()) or name == "as_json"
        }
        assert found.arguments == given, words
        assert found.language == language, words
        assert command.name == names[-1] or (names, command.name) == (("log",), "list")
    i18n.choose("")
    edge.begin()


@pytest.mark.parametrize(
    "line",
    [
        "", "status --help", "status -h", "status extra", "status --lang", "status --lang fr", "status --lang=",
        "log --limit", "log --limit x", "log --limit -1", "log --limit 1.5", "log --limit ٣", "log --since 7d",
        "log verify", "--version", "--lang en status", "devices --limit 3", "status --jso", "status --", "watch",
        "log list --code NOT_LISTED", "status --json=1", "status --limit=3", "log --limit ²",
    ],
)  # fmt: skip
def test_whatever_is_not_exactly_known_goes_to_click(line: str) -> None:
    assert quick.asked(line.split()) is None


def test_a_shell_that_completes_is_click_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(quick.COMPLETION, "bash_complete")
    assert not quick.answered(["status"])


@pytest.fixture
def filled(judge: Judge, store: Store) -> Judge:
    """A judge and a log with something to show."""
    device = {
        "name": "1-2",
        "code": "NOT_LISTED",
        "product": "Que\u0300 \u202e nhỏ",
        "usb_id": "46f4:0001",
        "state": "blocked",
    }
    judge.answers["Devices"] = {"devices": [device, {**device, "serial": "SAMPLE-0001", "detail": "no serial"}]}
    store.append("decision", {**device, "outcome": "blocked", "serial": "SAMPLE-0001"})
    store.append("alarm", {"alarm": True, "detail": "judge: another enforcer was started: USBGuard"})
    return judge


LINES = [
    line
    for command in ("status", "devices", "log", "log --limit 1", "log list --limit 0")
    for line in (command, f"{command} --json", f"{command} --lang en")
]


@pytest.mark.parametrize("line", LINES)
def test_both_doors_print_the_same(
    filled: Judge, run: Run, line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = run(*line.split())
    monkeypatch.setenv("USBGUARD_PY_LANG", "vi")
    with pytest.raises(SystemExit) as ended:
        quick.answered(line.split())
    said = capsys.readouterr()
    assert ended.value.code == expected.exit_code == 0
    assert said.out == expected.stdout
    assert said.err == expected.stderr == ""
    i18n.choose("")


@pytest.mark.parametrize("words", [("status",), ("status", "--json"), ("log", "--json"), ("devices",)], ids=" ".join)
def test_both_doors_fail_alike(
    root: Path, run: Run, words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = run(*words)
    monkeypatch.setenv("USBGUARD_PY_LANG", "vi")
    with pytest.raises(SystemExit) as ended:
        quick.answered(words)
    said = capsys.readouterr()
    assert ended.value.code == expected.exit_code != 0
    assert (said.out, said.err) == (expected.stdout, expected.stderr)
    edge.begin()


def test_a_refusal_comes_through_as_what_it_was(judge: Judge, capsys: pytest.CaptureFixture[str]) -> None:
    judge.answers["Status"] = NotFound(what="device", name="1-9")
    with pytest.raises(SystemExit) as ended:
        quick.answered(["status", "--json", "--lang", "en"])
    said = json.loads(capsys.readouterr().err)
    assert ended.value.code == said["exit_code"] == 1
    assert said["error"] == "NotFound"
    i18n.choose("")
    edge.begin()


def test_a_record_that_cannot_be_read_is_named(judge: Judge, store: Store, run: Run) -> None:
    """What the quick door cannot read, the reader says what is wrong with."""
    from usbguard_py.shell import newest  # noqa: PLC0415 - patched below

    assert [body["seq"] for body in newest.newest(paths.DATABASE, 3)] == [1]
    for text in ("[]", "{}", '{"at":"2026-11-21","boot":"","kind":"x","mono_ms":1,"seq":1}', "x"):
        with pytest.raises(ValueError):  # noqa: PT011 - of whatever kind, it is caught there
            newest._body(text)


# What a quick command must never load: the command line's libraries, and what was measured and moved out of its way.
NEVER = {"click", "msgspec", "typing", "inspect", "subprocess", "tempfile", "shutil", "gettext", "logging", "traceback"}
# So that it cannot creep back: a little above what there was, with Debian's and pyenv's interpreters. The log's end has
# the socket beside the file, since it tells who looked.
CEILINGS = {"status": 112, "devices": 112, "log --limit 10": 130}
LOADED = """
import sys
from usbguard_py.cli import main
sys.argv = ["usbguard-py", *{words!r}]
try:
    main()
except SystemExit as end:
    print(end.code or 0, *sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize("line", CEILINGS)
def test_modules_that_a_quick_command_loads(filled: Judge, root: Path, line: str) -> None:
    code = "\n".join(
        (
            "import sys",
            f"sys.path.insert(0, {str(HERE)!r})",
            "from pathlib import Path",
            "from usbguard_py import paths",
            f"paths.CONTROL_SOCKET = Path({str(paths.CONTROL_SOCKET)!r})",
            f"paths.DATABASE = Path({str(paths.DATABASE)!r})",
            LOADED.format(words=line.split()),
        )
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    code_, *loaded = done.stderr.split()
    assert code_ == "0", done.stderr
    assert "1-2" in done.stdout or STATUS["policy"]["name"] in done.stdout
    tops = {name.partition(".")[0] for name in loaded}
    assert not tops & NEVER
    assert len(loaded) <= CEILINGS[line], sorted(loaded)
