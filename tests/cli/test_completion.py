"""Completion, as the shells ask for it."""

import subprocess

import pytest
from click.testing import CliRunner

from tests.cli.conftest import Run
from usbguard_py.cli.root import cli

CASES = {
    "a command": ("whi", 1, {"whitelist"}),
    "a command of a group": ("log ver", 2, {"verify"}),
    "an option of the command that is meant when none is named": ("log --out", 2, {"--outcome"}),
    "its value": ("log --outcome bl", 3, {"blocked"}),
    "an option of a named command": ("log export --fo", 3, {"--force"}),
    "a shell": ("completion fi", 2, {"fish"}),
}


@pytest.mark.parametrize(("words", "place", "expected"), CASES.values(), ids=CASES.keys())
def test_what_may_follow(words: str, place: int, expected: set[str]) -> None:
    asked = {"_USBGUARD_PY_COMPLETE": "bash_complete", "COMP_WORDS": f"usbguard-py {words}", "COMP_CWORD": str(place)}
    result = CliRunner(env=asked).invoke(cli, [])
    assert {line.partition(",")[2] for line in result.stdout.splitlines()} == expected


def test_fish_reads_its_explanations_in_the_language_in_use() -> None:
    asked = {"_USBGUARD_PY_COMPLETE": "fish_complete", "COMP_WORDS": "usbguard-py log --out", "COMP_CWORD": "--out"}
    told = CliRunner(env={**asked, "USBGUARD_PY_LANG": "vi"}).invoke(cli, []).stdout
    assert told == "plain,--outcome\tKết quả đối với thiết bị.\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_itself_takes_the_script(run: Run, shell: str) -> None:
    """Its own parser reads the script without a word."""
    script = run("completion", shell).stdout
    checked = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
