"""The commands on a real terminal (pty): questions, wrapping, colours, and what an old console gets."""

import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from fcntl import ioctl
from pathlib import Path

import msgspec
import pytest

from tests.build import a_stick, an_asset
from tests.cli.conftest import HERE
from tests.cli.rig import STATUS, Judge, described
from usbguard_py.cli.display import width
from usbguard_py.core import requests
from usbguard_py.core.functions import default_grant
from usbguard_py.core.passport import passport_of
from usbguard_py.shell.store import Store

INTERRUPT = "\x03"  # what Ctrl-C types, termios(3)
PATIENCE = 60.0  # seconds for one command on a busy machine
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
STICK = a_stick(name="1-8")
EXAMINED = {
    "name": "1-8",
    "serial": "SAMPLE-0001",
    "manufacturer": "Sample Maker",
    "product": "Sample Device",
    "interfaces": ["08:06:50"],
    "passport": msgspec.to_builtins(passport_of(STICK, default_grant(STICK))),
}


@pytest.fixture
def judge(tmp_path: Path) -> Iterator[Judge]:
    (tmp_path / "run/usbguard-py").mkdir(parents=True)
    running = Judge(tmp_path / "run/usbguard-py/control.sock")
    running.answers |= {
        "Status": STATUS,
        "Devices": {"devices": [described("1-8", code="MISMATCH", asset="TB-0001"), described("1-9")]},
        "Examine": EXAMINED,
        "WhitelistAdd": {"id": "TB-0003", "seq": 16},
        "PeripheralEnrol": {"id": "NV-0001", "port": "1-8", "seq": 17},
    }
    yield running
    running.close()


def on_terminal(
    root: Path, *words: str, columns: int = 80, answers: Mapping[str, str] | None = None, **environment: str
) -> tuple[int, str]:
    """Run the command on a terminal; ``answers`` are typed when their question appears. Exit code and text."""
    asked = dict(answers or {})
    variables = {"TERM": "xterm", "LANG": "C.UTF-8", "USBGUARD_PY_LANG": "vi", "USBGUARD_PY_ROOT": str(root)}
    terminal, other_end = pty.openpty()
    ioctl(other_end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    # setsid makes it the controlling terminal, so that Ctrl-C is a signal.
    process = subprocess.Popen(
        ["setsid", "--ctty", sys.executable, "-m", "usbguard_py", *words],
        stdin=other_end,
        stdout=other_end,
        stderr=other_end,
        env={"PATH": os.environ["PATH"], **variables, **environment},
        cwd=HERE,
        # Tests that a shell started in the background inherit an ignored SIGINT, and so would the command.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no thread holds a lock here
    )
    os.close(other_end)
    seen = b""
    interrupting = False
    deadline = time.monotonic() + PATIENCE
    while True:
        if not select.select([terminal], [], [], 0.5)[0]:
            if time.monotonic() > deadline:
                process.kill()
            elif interrupting:
                # A signal between the prompt and the read is seen by Python only after the next one or a line.
                os.write(terminal, INTERRUPT.encode())
            continue
        try:
            part = os.read(terminal, 4096)
        except OSError:  # EIO: the other end was closed, pty(7)
            break
        if not part:
            break
        seen += part
        for question in [q for q in asked if q.encode() in seen]:
            interrupting = asked[question] == INTERRUPT
            os.write(terminal, asked.pop(question).encode())
    code = process.wait()
    os.close(terminal)
    assert not asked, seen.decode("utf-8", "replace")
    return code, seen.decode().replace("\r\n", "\n")


ADD = {
    "Người được giao (họ và tên): ": "Lê Thị Mẫu\n",
    "Đơn vị: ": "Văn phòng\n",
    "Căn cứ (số văn bản): ": "MAU-03/2026\n",
    "(nhấn Enter nếu không có): ": "\n",
}
AGREE = "Đưa thiết bị này vào danh sách? [c/K]: "


@pytest.mark.parametrize("yes", ["c", "có", "y", "CÓ"])
def test_adding_asks_three_questions(judge: Judge, tmp_path: Path, yes: str) -> None:
    code, text = on_terminal(tmp_path, "whitelist", "add", answers={**ADD, AGREE: yes + "\n"})
    assert code == 0, text
    assert "Kết quả đọc thiết bị:" in text
    assert "TB-0003 (bản ghi 16)" in text
    assert judge.asked[-1] == requests.WhitelistAdd(
        name="1-9", holder="Lê Thị Mẫu", unit="Văn phòng", document="MAU-03/2026"
    )


@pytest.mark.parametrize("no", ["", "k", "không", "n", "maybe"])
def test_anything_but_yes_changes_nothing(judge: Judge, tmp_path: Path, no: str) -> None:
    code, text = on_terminal(tmp_path, "whitelist", "add", answers={**ADD, AGREE: no + "\n"})
    assert code == 1
    assert "Không có gì thay đổi." in text
    assert not any(isinstance(r, requests.WhitelistAdd) for r in judge.asked)


def test_an_empty_answer_is_no_holder(judge: Judge, tmp_path: Path) -> None:
    """The question comes again, at its place; what was answered before is not lost."""
    again = {"Người được giao (họ và tên): ": "\n", "câu hỏi này cần được trả lời": "Lê Thị Mẫu\n"}
    code, text = on_terminal(tmp_path, "whitelist", "add", answers={**ADD, **again, AGREE: "c\n"})
    assert code == 0, text
    (added,) = [r for r in judge.asked if isinstance(r, requests.WhitelistAdd)]
    assert added.holder == "Lê Thị Mẫu"


def test_control_c_at_a_question(judge: Judge, tmp_path: Path) -> None:
    code, text = on_terminal(tmp_path, "whitelist", "add", answers={"Người được giao (họ và tên): ": INTERRUPT})
    assert code == 130
    assert "Traceback" not in text
    assert not any(isinstance(r, requests.WhitelistAdd) for r in judge.asked)


@pytest.fixture
def listed(tmp_path: Path, empty: Path) -> None:
    """A list with one name on it."""
    path = tmp_path / "var/lib/usbguard-py/usbguard-py.db"
    path.parent.mkdir(parents=True)
    store = Store.open(Path(shutil.copy(empty, path)))
    store.add_asset(an_asset(STICK, holder="Lê Thị Mậu"), "test")
    store.close()


@pytest.mark.usefixtures("listed")
def test_a_name_that_looks_like_another_is_told_before_the_question(judge: Judge, tmp_path: Path) -> None:
    code, text = on_terminal(tmp_path, "whitelist", "add", answers={**ADD, AGREE: "c\n"})
    assert code == 0, text
    said = " ".join(COLOUR.sub("", text).split())
    warning = "“Lê Thị Mẫu” chưa có trong danh sách; đã có “Lê Thị Mậu”: chỉ khác dấu."
    assert said.index(warning) < said.index(AGREE.strip())


@pytest.mark.usefixtures("listed")
def test_one_of_several_is_chosen_and_the_newest_is_proposed(judge: Judge, tmp_path: Path) -> None:
    judge.answers["Devices"] = {
        "devices": [described("1-8", code="LOST", asset="TB-0001", seq=4), described("1-9", seq=9)]
    }
    code, text = on_terminal(tmp_path, "whitelist", "lookup", answers={"[1-9]: ": "1-8\n"})
    assert code == 0, text
    plain = COLOUR.sub("", text)
    assert plain.index("1-9 ") < plain.index("1-8 ")
    assert "[LOST] ĐÃ CHẶN" in plain
    assert "Lê Thị Mậu" in plain
    assert on_terminal(tmp_path, "whitelist", "lookup", answers={"[1-9]: ": "1-7\n"})[0] == 64
    assert on_terminal(tmp_path, "whitelist", "lookup", answers={"[1-9]: ": "\n"})[0] == 1


def test_enrolling_asks(judge: Judge, tmp_path: Path) -> None:
    question = "Đăng ký thiết bị này ở cổng 1-8? [c/K]: "
    assert on_terminal(tmp_path, "peripheral", "enrol", "1-8", answers={question: "\n"})[0] == 1
    assert not any(r.CHANGES for r in judge.asked)
    assert on_terminal(tmp_path, "peripheral", "enrol", "1-8", answers={question: "c\n"})[0] == 0
    assert judge.asked[-1] == requests.PeripheralEnrol(name="1-8")


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("columns", [60, 80, 132])
@pytest.mark.parametrize("words", [("status",), ("devices",)])
def test_lines_fit(judge: Judge, tmp_path: Path, words: tuple[str, ...], columns: int, lang: str) -> None:
    judge.answers["Status"] = STATUS | {"other_enforcer": "usbguard", "kept_entries": 3, "mode": "observe"}
    code, text = on_terminal(tmp_path, *words, columns=columns, USBGUARD_PY_LANG=lang)
    assert code == 0
    assert max(width(line) for line in COLOUR.sub("", text).splitlines()) <= columns


LOOKS = {
    "colours": ({}, True, True),
    "no colours wanted": ({"NO_COLOR": "1"}, False, True),
    "dumb": ({"TERM": "dumb"}, False, True),
    "Linux console": ({"TERM": "linux"}, True, False),
    "C locale": ({"LC_ALL": "C"}, True, False),
}


@pytest.mark.parametrize(("environment", "coloured", "accented"), LOOKS.values(), ids=LOOKS.keys())
def test_looks(
    judge: Judge,
    tmp_path: Path,
    environment: dict[str, str],
    *,
    coloured: bool,
    accented: bool,
) -> None:
    _, text = on_terminal(tmp_path, "status", **environment)
    assert ("\x1b[" in text) is coloured
    assert ("ĐANG BẢO VỆ" in text) is accented
    assert ("DANG BAO VE" in text) is not accented
    assert text.isascii() is not accented


def test_a_lost_device_on_an_old_console(judge: Judge, tmp_path: Path) -> None:
    """Unaccented, "báo mất" (lost) and "bảo mật" (security) are one word; the code stands beside it anyway."""
    judge.answers["Devices"] = {"devices": [described(code="LOST", asset="TB-0001")]}
    _, text = on_terminal(tmp_path, "devices", columns=120, TERM="linux")
    assert "[LOST]" in text
    assert "da duoc bao that lac" in text
    assert "bao mat" not in text
