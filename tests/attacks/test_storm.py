"""A port that misbehaves: a device in a loop stays dead, the log short and exact, memory flat, others served."""

from tests.attacks.test_hostile import PLAIN_HUB, PRETENDER
from tests.lab.gadgets import hid, mass_storage
from tests.lab.hostile import HostileDevice, configuration
from tests.scenarios.rig import APPROVED, Entry, Rig

TIMES = 50  # a hundred are in tests/daemon/test_storms.py, ten thousand in the soak
MOST = 12  # entries: three of its own with their removals, an alarm, and a count at each doubling
FAILURES = 3  # of a hub after which it is refused
GROWTH = 2048  # KiB that the judge may grow by meanwhile
PROMPT = 3.0  # seconds from the kernel's word to the driver; 0.3 were measured, emulated and in the storm

CONTACT = 0.3  # seconds for which the loose contact holds

# Into the port and out again.
LOOP = """
echo begun
for number in $(seq {times}); do
    echo {controller} > {folder}/UDC
    while [ ! -e {device}/devnum ]; do :; done
    sleep {contact}
    echo > {folder}/UDC
    while [ -e {device} ]; do :; done
    [ $number = 30 ] && echo thirty
done
echo ended
"""


def memory(rig: Rig) -> int:
    """Resident memory of the judge, KiB (proc_pid_status(5))."""
    script = "grep VmRSS /proc/$(systemctl show -p MainPID --value usbguard-py.service)/status"
    return int(rig.guest.run(script).stdout.split()[1])


def came(entries: list[Entry]) -> int:
    """How many arrivals these entries tell of; a device that left before it was judged has its removal only."""
    return sum(
        int(e["count"])
        if e["kind"] == "repeated"
        else e["kind"] == "decision" or (e["kind"], e.get("of")) == ("removed", 0)
        for e in entries
    )


def test_a_device_that_comes_again_and_again_is_dead_and_counted(rig: Rig) -> None:
    """A keyboard and a disk in one, in a loop; the approved stick is plugged in meanwhile."""
    guest = rig.guest
    guest.load_dummy_hcd(1)
    guest.run("truncate -s 8M /root/medium")
    before = rig.seq()
    gadget = guest.gadget(0x1209, 0x0001, [mass_storage("/root/medium"), hid()], serial="SAMPLE-9999").plug()
    rig.blocked(gadget, before, "NOT_LISTED")
    gadget.unplug()
    start = memory(rig)
    device = f"/sys/bus/usb/devices/{gadget.port}"
    controller = f"dummy_udc.{gadget.controller}"
    words = {"times": TIMES - 1, "controller": controller, "folder": gadget.folder, "device": device}
    loop = guest.start(LOOP.format(**words, contact=CONTACT))
    loop.wait_output("thirty", timeout=120)
    mark = guest.witness.mark
    stick = guest.plug_stick(serial=APPROVED)
    bound = guest.witness.wait_uevent("bind", since=mark, devpath=f"{stick.port}:1.0$", DEVTYPE="usb_interface")
    added = guest.witness.wait_uevent("add", since=mark, devpath=f"{stick.port}$", DEVTYPE="usb_device")
    assert "ended" not in loop.output, "the storm was over before the stick was served"
    loop.wait_output("ended", timeout=240)
    rig.allowed(stick, before)
    end = memory(rig)
    status = rig.cli("status").stdout
    rig.cli("policy use standalone")  # a change writes what was counted
    mine = [e for e in rig.entries(before) if e.get("name") == gadget.port]
    judged = [e for e in mine if e["code"] != "UNREADABLE"]
    served = (bound.t - added.t) / 1e9
    print(f"{len(judged)} of {len(mine)} entries, memory {start} to {end} KiB, the stick after {served:.2f} s")
    guest.witness.fence(gadget.port)
    assert not [e for e in guest.witness.events if e.kind == "overflow"]
    seen = [e for e in guest.witness.events if e.port == gadget.port and e.kind == "uevent"]
    assert sum(e.action == "add" and e.env.get("DEVTYPE") == "usb_device" for e in seen) == TIMES
    assert [str(e) for e in seen if e.action == "bind" and e.env.get("DRIVER") != "usb"] == []
    assert [str(e) for e in seen if e.subsystem != "usb"] == []
    assert came(mine) == TIMES
    # What left before it was judged, or while it was read, is counted by itself, in the same way.
    assert len(judged) <= MOST, [(e["kind"], e.get("count")) for e in judged]
    assert len(mine) - len(judged) <= MOST, [(e["kind"], e.get("count"), e.get("seen")) for e in mine]
    assert f"Port {gadget.port} is held" in status
    assert end - start <= GROWTH
    assert served <= PROMPT
    assert "repeated" in rig.cli("log").stdout
    assert rig.cli("log verify").returncode == 0


def test_a_hub_that_fails_again_and_again_is_held(rig: Rig) -> None:
    """It answers no hub request, so the kernel resets it after each opening; refused, it is quiet."""
    rig.guest.load_vhci()
    before = rig.seq()

    def plug() -> HostileDevice:
        return rig.guest.hostile(PRETENDER, [configuration(PLAIN_HUB)]).plug()

    plugged = plug()
    for _ in range(FAILURES):
        if rig.entries(before, 20, name=plugged.port, kind="decision", code="HELD"):
            break
        # Closed before the kernel came to reset it, it is as quiet as a refused one: a person plugs it in anew.
        plugged.unplug()
        plugged = plug()
    rig.await_entry(before, timeout=90, name=plugged.port, kind="decision", code="HELD")
    rig.guest.witness.assert_dead(plugged.port)
    mine = rig.entries(before, name=plugged.port)
    assert len(mine) <= MOST, [(e["kind"], e["code"]) for e in mine]
    assert rig.answer("devices")["devices"][0]["code"] == "HELD"
    shown = rig.cli(f"explain {plugged.port}", lang="vi").stdout
    assert "cổng bị tạm giữ" in shown
