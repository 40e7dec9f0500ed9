"""The edge: every error is a sentence, a remedy and a code, in both languages, and never a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import HERE, Run
from tests.cli.rig import Judge
from usbguard_py import errors
from usbguard_py.errors import GuardError

KINDS = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, GuardError)]
FACTS = {"name": "1-2", "path": "/x", "detail": "d", "where": "f:1", "what": "device", "role": "manager", "seq": 7}


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)
def test_every_error_of_the_daemon(run: Run, judge: Judge, kind: type[GuardError]) -> None:
    judge.answers["Devices"] = kind(**FACTS)
    for lang, word in (("vi", "Lỗi: "), ("en", "Error: ")):
        result = run("devices", lang=lang)
        assert result.exit_code == kind.exit_code
        assert result.stdout == ""
        sentence, remedy = result.stderr.splitlines()
        assert sentence.startswith(word)
        assert remedy.startswith("→ ")
    answer = json.loads(run("devices", "--json").stderr)
    assert (answer["error"], answer["exit_code"]) == (kind.__name__, kind.exit_code)


WIRE = {
    "rubbish": (b"hello\0", 76),
    "wrong type": (b'{"parameters": {"devices": 7}}\0', 76),
    "unknown error": (b'{"error": "org.varlink.service.MethodNotFound"}\0', 70),
    "error that lies": (b'{"error": "org.usbguardpy.Control.NotFound", "parameters": 7}\0', 70),
}


@pytest.mark.parametrize(("answer", "code"), WIRE.values(), ids=WIRE.keys())
def test_a_strange_daemon(run: Run, judge: Judge, answer: bytes, code: int) -> None:
    judge.answers["Devices"] = answer
    result = run("devices")
    assert result.exit_code == code
    assert result.stderr.startswith("Lỗi: ")


USAGE = {
    "no such command": (("devicez",), "Không có lệnh 'devicez'."),
    "no such option": (("status", "--bogus"), "Không có tùy chọn '--bogus'."),
    "missing argument": (("peripheral", "enrol"), "Thiếu tham số 'NAME'."),
    "extra argument": (("status", "now"), "Thừa tham số (now)"),
    "no choice": (("whitelist", "list", "--state", "x"), "'x' không thuộc:"),
    "no language": (("status", "--lang", "fr"), "'fr' không thuộc: 'vi', 'en'."),
    "no number": (("explain", "--seq", "x"), "'x' không phải là"),
}


@pytest.mark.parametrize(("words", "text"), USAGE.values(), ids=USAGE.keys())
def test_usage_errors_are_translated(run: Run, words: tuple[str, ...], text: str) -> None:
    result = run(*words)
    assert result.exit_code == 64
    assert text in result.stderr
    assert result.stderr.splitlines()[-1].startswith("→ Xem: usbguard-py")
    assert "Lỗi" not in run(*words, lang="en").stderr


@pytest.mark.parametrize("words", [(), ("whitelist",), ("policy",), ("peripheral",)])
def test_a_group_alone_shows_its_help(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 64
    assert "Các lệnh:" in result.stderr


@pytest.mark.parametrize("words", [("--lang", "en", "status"), ("status", "--lang", "en")])
def test_the_language_can_be_chosen_anywhere(run: Run, judge: Judge, words: tuple[str, ...]) -> None:
    assert "PROTECTED" in run(*words, lang="vi").stdout


def command(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "usbguard_py", *words],
        cwd=HERE,
        env={"PATH": os.environ["PATH"], "USBGUARD_PY_ROOT": str(folder), "USBGUARD_PY_LANG": "en", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


FAULT = """
import sys
from usbguard_py.cli import main, status
def fail(request): raise ZeroDivisionError("secret")
status.ask = fail
sys.argv = ["usbguard-py", "status"]
main()
"""


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_fault_of_our_own(tmp_path: Path, debug: str) -> None:
    environment = {"PATH": os.environ["PATH"], "USBGUARD_PY_ROOT": str(tmp_path), "USBGUARD_PY_DEBUG": debug}
    done = subprocess.run(
        [sys.executable, "-c", FAULT], cwd=HERE, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 70
    assert "Lỗi: Lỗi bên trong usbguard-py: ZeroDivisionError." in done.stderr
    assert ("Traceback" in done.stderr) is (debug == "1")
    assert ("secret" in done.stderr) is (debug == "1")


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "USBGUARD_PY_ROOT": str(tmp_path)}
    script = f'{sys.executable} -m usbguard_py --help | true; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", script], cwd=HERE, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout in {"0\n", "141\n"}  # the help fits a pipe's buffer: it depends on who is faster


def test_a_closed_pipe(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "usbguard_py", "--help"],
            cwd=HERE,
            env={"PATH": os.environ["PATH"], "USBGUARD_PY_ROOT": str(tmp_path)},
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (141, "")


def test_as_a_process(tmp_path: Path) -> None:
    done = command(tmp_path, "status")
    assert done.returncode == 69
    assert "NOTHING IS BLOCKED" in done.stdout
    assert command(tmp_path, "--version").stdout == "usbguard-py 0.1.0\n"


HEAVY = ("rich", "sqlite3", "pyudev", "usb", "sqlite_utils", "usbguard_py.daemon", "usbguard_py.core.gates", "daemon")


@pytest.mark.parametrize("words", [("--help",), ("status", "--help"), ("devices", "--help")])
def test_help_imports_little(tmp_path: Path, words: tuple[str, ...]) -> None:
    code = f"""
import sys
from usbguard_py.cli import main
sys.argv = ["usbguard-py", *{words!r}]
try:
    main()
except SystemExit:
    print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)
"""
    environment = {"PATH": os.environ["PATH"], "USBGUARD_PY_ROOT": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=HERE, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == "[]\n"
