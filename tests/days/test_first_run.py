"""The first run on a new machine, on a real terminal: looked over, set up, blocking on trial, confirmed."""

import json
import shlex
from typing import Any

import pytest

from tests.lab import Guest, Lab
from tests.lab.evidence import Evidence
from tests.scenarios.rig import INSIDE, Rig, install

INTERRUPT = "\x03"  # what Ctrl-C types, termios(3)
PATIENCE = 240  # seconds for one command on a busy machine
AGENCY = "CƠ QUAN MẪU"


def typed(guest: Guest, command: str, answers: list[tuple[str, str]], lang: str) -> tuple[int, str]:
    """Run a command on a terminal and answer its questions; its exit code and everything that it showed."""
    environment = {"TERM": "xterm", "LANG": "vi_VN.UTF-8" if lang == "vi" else "en_US.UTF-8"}
    asked: dict[str, Any] = {"words": shlex.split(command), "environment": environment, "seconds": PATIENCE}
    guest.write("/root/asked.json", json.dumps({**asked, "answers": answers}))
    done = json.loads(guest.run("python3 /root/typist.py < /root/asked.json", timeout=PATIENCE + 60).stdout)
    assert not done["left"], f"never asked: {done['left'][0]}\n{done['screen']}"
    return done["code"], done["screen"]


def found(rig: Rig, code: int) -> set[str]:
    """The names of what `doctor` finds; it ends with that code."""
    result = rig.cli("doctor --json", check=False)
    assert result.returncode == code, result.stdout
    return {one["name"] for one in json.loads(result.stdout)["findings"]}


@pytest.mark.own_guest
def test_a_new_machine_is_set_up_on_the_terminal(lab: Lab, request: pytest.FixtureRequest) -> None:
    """English and interrupted first, which changes nothing; then Vietnamese, to a machine that blocks for good."""
    with lab.boot("debian12") as guest, Evidence().scenario(request.node.name, guest):
        rig = install(guest)
        guest.put(INSIDE / "typist.py", "/root/typist.py")
        guest.run("useradd --create-home canbo; modprobe -a usb-storage uas usbhid hid-generic evdev")
        before = rig.seq()
        keyboard = guest.plug_keyboard()
        rig.await_entry(before, name=keyboard.port, code="INPUT_NOT_ENROLLED")
        told = found(rig, 1)
        assert {"observing", "device-would-block", "no-manager", "agency-missing"} <= told
        assert "protects" not in told

        before = rig.seq()
        code, screen = typed(
            guest, "usbguard-py setup", [("Language (vi, en) [en]: ", "\n"), ("Superior body: ", INTERRUPT)], "en"
        )
        assert (code, "Nothing was changed." in screen) == (130, True), screen
        assert rig.entries(before) == []
        assert guest.run("test -e /etc/usbguard-py/agency.toml", check=False).returncode == 1

        answers = [
            ("Language (vi, en) [vi]: ", "\n"),
            ("Cơ quan chủ quản: ", "-\n"),
            ("Cơ quan: ", AGENCY + "\n"),
            ("Chữ viết tắt trong số giấy tờ: ", "CQM\n"),
            ("Địa danh: ", "Tỉnh Mẫu\n"),
            ("Người quản lý danh sách (họ và tên): ", "Trần Thị Mẫu\n"),
            ("Chức vụ của người đó: ", "\n"),
            ("Đơn vị của người đó: ", "\n"),
            (f"dùng ở cổng {keyboard.port}? [c/K]: ", "c\n"),
            ("Quản trị viên (các tài khoản", "\n"),
            ("Người quản lý danh sách (các tài khoản", "canbo\n"),
            ("Kiểm tra viên (các tài khoản", "\n"),
            ("Thực hiện? [c/K]: ", "c\n"),
            ("Bắt đầu chặn ngay? (Không: máy tạm thời chỉ quan sát) [c/K]: ", "c\n"),
        ]
        code, screen = typed(guest, "usbguard-py setup", answers, "vi")
        assert code == 0, screen
        assert "ĐANG CHẠY THỬ đến" in screen
        assert AGENCY in guest.read("/etc/usbguard-py/agency.toml")
        assert "canbo" in guest.run("getent group usbguard-manager").stdout
        assert rig.await_entry(before, kind="peripheral-enrol")["name"] == keyboard.port
        assert rig.await_entry(before, kind="policy-use", policy="standalone")["confirm_within_ms"] == 600_000
        rig.await_entry(before, kind="outcome", name=keyboard.port, code="INPUT_ENROLLED")
        assert not guest.witness.dead(keyboard.port).dead, "the enrolled keyboard does not work"
        stranger = guest.plug_stick(serial="SAMPLE-0900")
        rig.blocked(stranger, before, "NOT_LISTED")
        assert "on-trial" in found(rig, 1)

        assert typed(guest, "usbguard-py confirm", [], "vi")[0] == 0
        assert guest.read("/etc/usbguard-py/floor/mode") == "enforce\n"
        assert not guest.witness.dead(keyboard.port).dead
        told = found(rig, 1)
        assert {"protects", "keyboard-works", "agency-set", "device-blocked"} <= told
        assert not told & {"observing", "on-trial", "no-manager", "agency-missing"}
