"""Beginning to block comes back by itself unless a person confirms it: nobody is locked out."""

import shutil
from pathlib import Path

import pytest

from tests.lab import Guest, Lab, Plugged
from tests.lab.devices import at_boot
from tests.lab.evidence import Evidence
from tests.lab.powercut import copy_sparse
from tests.scenarios.rig import Rig, Sentences, install

MODE = "/etc/usbguard-py/floor/mode"
ENDS = 90.0  # seconds until a trial of ten has ended on a busy machine, with or without the judge
RUNNING = Sentences("ON TRIAL until", "ĐANG CHẠY THỬ đến")
SECOND = Sentences("The policy “standalone” is on trial already.", "Chính sách “standalone” đang được chạy thử.")
NOTHING = Sentences(
    "No policy is on trial: there is nothing to confirm, or its time is over.",
    "Không có chính sách nào đang chạy thử: không có gì để xác nhận, hoặc đã quá hạn.",
)


def works(guest: Guest, port: str, since: int) -> None:
    """The kernel has bound a driver to the keyboard, says the witness."""
    guest.witness.wait_uevent("bind", timeout=ENDS, since=since, devpath=f"/{port}:1", DRIVER="usbhid")


def activated(rig: Rig, keyboard: Plugged, within: str) -> int:
    """Begin a trial that takes the keyboard away; a mark of the witness from when it was gone."""
    before = rig.seq()
    rig.cli(f"activate --confirm-within {within} --no-keyboard")
    rig.await_entry(before, kind="cut", name=keyboard.port)
    rig.dead_again(keyboard.port)
    return rig.guest.witness.mark


def test_a_trial_ends_by_a_person_by_its_time_and_without_the_judge(rig: Rig) -> None:
    """A keyboard that nobody enrolled dies with each trial and works again after it, whoever ends it."""
    guest = rig.guest
    before = rig.seq()
    keyboard = guest.plug_keyboard()
    rig.blocked(keyboard, before, "INPUT_NOT_ENROLLED")
    since = guest.witness.mark
    rig.cli("policy use observe")
    works(guest, keyboard.port, since)

    refused = Sentences(
        f"The keyboard on port {keyboard.port} is not enrolled; enforcing now would lock it out.",
        f"Bàn phím ở cổng {keyboard.port} chưa đăng ký; nếu chặn bây giờ sẽ không dùng được bàn phím.",
    )
    rig.fails("activate", 1, refused)
    rig.fails("confirm", 1, NOTHING)

    since = activated(rig, keyboard, "1h")
    rig.status_says(RUNNING)
    rig.fails("activate --no-keyboard", 1, SECOND)
    assert guest.read(MODE) == "observe\n"
    rig.cli("policy use observe")
    works(guest, keyboard.port, since)

    before = rig.seq()
    since = activated(rig, keyboard, "10s")
    begun = rig.await_entry(before, kind="policy-use", policy="standalone")
    assert rig.await_entry(before, ENDS, kind="policy-use", policy="observe")["lapsed"] == begun["seq"]
    works(guest, keyboard.port, since)

    before = rig.seq()
    since = activated(rig, keyboard, "10s")
    guest.run("systemctl mask --now usbguard-py.service")
    works(guest, keyboard.port, since)
    guest.run("systemctl unmask usbguard-py.service; systemctl start usbguard-py.service")
    assert rig.answer("status")["mode"] == "observe"
    begun = rig.await_entry(before, kind="policy-use", policy="standalone")
    assert rig.await_entry(before, kind="policy-use", policy="observe")["lapsed"] == begun["seq"]

    activated(rig, keyboard, "10m")
    rig.cli("confirm")
    assert guest.read(MODE) == "enforce\n"
    assert rig.answer("status")["trial"] is None
    assert rig.cli("log verify").returncode == 0


@pytest.mark.own_guest
def test_the_power_switch_ends_a_trial_that_took_the_only_keyboard(
    lab: Lab, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A new machine whose only keyboard is on no list: activation is refused, then forced, then the power goes."""
    typed = at_boot("usb-kbd", 1)
    root, state = tmp_path / "root.qcow2", tmp_path / "state.raw"
    with lab.boot("debian12", state_disk=True, extra=typed) as guest, Evidence().scenario(request.node.name, guest):
        rig = install(guest)
        port = next(d["name"] for d in rig.answer("devices")["devices"])
        assert rig.cli("activate", check=False).returncode == 1
        before = rig.seq()
        rig.cli("activate --confirm-within 1h --no-keyboard")
        rig.await_entry(before, kind="cut", name=port)
        rig.dead_again(port)
        guest.run("sync")
        guest.qmp.execute("stop")
        shutil.copyfile(guest.machine.overlay, root)
        guest.qmp.execute("cont")
        copy_sparse(guest.cut_power(), state)
    with lab.boot("debian12", overlay=root, after=state, extra=typed) as guest:
        rig = Rig(guest)
        lapsed = rig.await_entry(before, ENDS, kind="policy-use", policy="observe")
        assert lapsed["lapsed"] == rig.await_entry(before, kind="policy-use", policy="standalone")["seq"]
        tree = guest.witness.fence(port).data["tree"]
        assert any(one["driver"] == "usbhid" for one in tree["interfaces"].values())
        assert rig.answer("status")["mode"] == "observe"
