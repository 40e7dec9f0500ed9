"""The linters as ordinary tests: what `make lint` says is what the tests say."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
SHELL = [
    "systemd/floor",
    "systemd/maintenance-entry",
    "systemd/initramfs/hook",
    "systemd/initramfs/init-top",
    "systemd/dracut/usbguard-py.sh",
    "scripts/bootstrap.sh",
    ".ci/run",
    *(f"packaging/{n}" for n in ("postinst", "prerm", "postrm")),
]

pytestmark = pytest.mark.lint


def tool(name: str, *arguments: str) -> None:
    run = subprocess.run([BIN / name, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_ruff() -> None:
    tool("ruff", "check", ".")


def test_format() -> None:
    tool("ruff", "format", "--check", ".")


def test_types() -> None:
    tool("mypy")


def test_spelling() -> None:
    tool("codespell", "usbguard_py", "docs", "systemd", "packaging", "README.md", "CHANGELOG.md")


def test_bash() -> None:
    """dracut reads its modules with bash."""
    tool("shellcheck", "-s", "bash", "systemd/dracut/module-setup.sh")


@pytest.mark.parametrize("script", SHELL)
def test_shell(script: str) -> None:
    tool("shellcheck", "-s", "sh", script)
    run = subprocess.run(["dash", "-n", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
