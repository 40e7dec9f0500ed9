"""What the running judge has loaded: what it does not need would cost memory and the start's time, for ever."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

NEVER = {
    *("babel", "click", "click_default_group", "cryptography", "daemon", "dateutil", "hypothesis", "jinja2"),
    *("markdown_it", "pluggy", "pygments", "pytest", "rich", "sqlite_utils", "tabulate", "usb"),
}
"""Distributions that belong to the command line, the examination, the migrations, the reports or the tests."""

LIBRARIES = {"msgspec", "pyudev", "typing_extensions", "usbguard_py"}
"""All that is not the standard library's; msgspec imports typing_extensions where it finds it."""

OWN = ("usbguard_py.cli", "usbguard_py.shell.examination", "usbguard_py.shell.migrations", "usbguard_py.shell.export")
"""Parts of the product that other processes are for; the package ``cli`` itself holds the program's way in."""

LOAD = """
import sys
sys.argv = ["usbguard-py", "daemon"]
from usbguard_py import cli
from usbguard_py.daemon import main
main.run = lambda: None
cli.main()
print("\\n".join(sorted(sys.modules)))
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules of a process that came to the judge's door by the installed command's way."""
    run = subprocess.run([sys.executable, "-c", LOAD], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_the_judge_loads_only_its_libraries(loaded: set[str]) -> None:
    tops = {name.partition(".")[0] for name in loaded}
    foreign = {top for top in tops if not top.startswith("_") and top not in sys.stdlib_module_names}
    # What the interpreter itself brings: Debian's has a sitecustomize.
    assert foreign <= LIBRARIES | {"__main__", "distutils-precedence", "sitecustomize"}
    assert not tops & NEVER
    assert "pyudev" in tops, "this is not the judge"


def test_the_judge_loads_nothing_of_other_processes(loaded: set[str]) -> None:
    mine = {name for name in loaded if name.startswith(OWN)}
    assert mine == {"usbguard_py.cli"}


@pytest.mark.parametrize("name", ["asyncio", "http", "ssl", "email", "multiprocessing", "traceback"])
def test_the_judge_starts_without(name: str, loaded: set[str]) -> None:
    """Standard modules that were measured and moved to where they are needed, or must never come in."""
    assert name not in loaded
