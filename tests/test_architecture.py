"""The shape of the code, kept by tests: who may import whom, how long things get, who may catch everything."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "usbguard_py"
MODULES = sorted(PACKAGE.rglob("*.py"))

LONGEST_MODULE = 300
LONGEST_FUNCTION = 45
MAY_CATCH_EVERYTHING = {"daemon/loop.py"}
EVERYTHING = {"Exception", "BaseException"}


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body, its docstring left out."""
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    body = function.body[1:] if is_docstring else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def catches_everything(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(names & EVERYTHING)


def test_there_are_modules_to_look_at() -> None:
    assert len(MODULES) > 5


def test_import_contract() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "0 broken" in run.stdout


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_lengths(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_MODULE
    long = {f.name: n for f in functions(ast.parse(text)) if (n := body_lines(f)) > LONGEST_FUNCTION}
    assert not long


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_only_the_loop_catches_everything(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    handlers = [n.lineno for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler) and catches_everything(n)]
    assert relative(path) in MAY_CATCH_EVERYTHING or not handlers, f"{relative(path)}: lines {handlers}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("try: pass\nexcept: pass", True),
        ("try: pass\nexcept Exception: pass", True),
        ("try: pass\nexcept (OSError, BaseException): pass", True),
        ("try: pass\nexcept OSError: pass", False),
    ],
)
def test_the_check_of_handlers_can_fail(text: str, expected: bool) -> None:
    handler = next(n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ExceptHandler))
    assert catches_everything(handler) is expected


def test_no_network_family_in_the_product() -> None:
    """Promise 12: AF_UNIX and AF_NETLINK only."""
    named = {
        f"{relative(path)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"AF_INET", "AF_INET6", "AF_PACKET", "AF_VSOCK"}
    }
    assert not named


def test_no_module_shadows_the_standard_library() -> None:
    """A script named like a standard module breaks every import of the scripts beside it."""
    beside = [p for folder in ("tests", "scripts", "packaging") for p in (ROOT / folder).glob("*.py")]
    assert not [str(p) for p in beside if p.stem in sys.stdlib_module_names]
