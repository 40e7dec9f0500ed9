"""Devices of the workplace: enrolled by all they show, on their port, so many of a kind, no keys but a keyboard's."""

from pathlib import Path

from tests.lab.gadgets import KEYBOARD_REPORT, Function, Gadget, ecm, hid, mass_storage, printer
from tests.scenarios.rig import Device, Entry, Rig, Sentences

DROP_IN = "/run/systemd/system/usbguard-py.service.d"
INSIDE = Path(__file__).parent / "inside"
# A mouse of three buttons, USB HID 1.11, appendix E.10. Then a keyboard, made as long by two items that change nothing:
# a usage page and a logical maximum that those after them replace (6.2.2.7). No other byte of the device differs.
MOUSE_REPORT = bytes.fromhex(
    "05010902a1010901a100050919012903150025019503750181029501750581010501093009311581257f750895028106c0c0"
)
TYPING_REPORT = bytes.fromhex("050126ff00") + KEYBOARD_REPORT
MOUSE = hid(MOUSE_REPORT, protocol=2, length=3)
KEYBOARD = hid()
PERMITTED = 'name = "mau"\nprinters = 1\ntokens = 1\nkeyboards = 2\n'

REACHED = Sentences(
    "The policy permits 1 of this kind (keyboard), and so many are enrolled.",
    "Chính sách cho phép 1 thiết bị loại này (bàn phím) và đã đăng ký đủ.",
)
NOT_PERMITTED = Sentences(
    "The policy permits no device of this kind: token or card reader.",
    "Chính sách không cho phép thiết bị loại này: thiết bị lưu khóa hoặc đầu đọc thẻ.",
)
STARTED = Sentences(
    "STARTED FOR MAINTENANCE: one keyboard may stand in for the enrolled one, until the next start.",
    "ĐÃ KHỞI ĐỘNG ĐỂ BẢO TRÌ: một bàn phím được dùng thay bàn phím đã đăng ký, cho đến lần khởi động sau.",
)
ACCEPTED = Sentences("on port {} is NOT enrolled.", "ở cổng {} CHƯA được đăng ký.")


def permit(rig: Rig) -> None:
    """A policy with a printer, a token and two keyboards."""
    rig.guest.write("/root/mau.toml", PERMITTED)
    rig.cli("policy use /root/mau.toml")


def enrol(rig: Rig, device: Device, *words: str) -> str:
    """Enrol a device that was blocked when it came; its identifier."""
    return str(rig.answer(" ".join(("peripheral enrol", device.port, "--yes", *words)))["id"])


def plug(rig: Rig, *functions: Function, pid: int = 1) -> Gadget:
    """A gadget on the port of the one before it, which was taken away."""
    return rig.guest.gadget(0x1209, pid, functions, serial="SAMPLE-0700").plug()


def pull(gadget: Gadget) -> None:
    gadget.unplug()
    gadget.remove()


def enrolled(rig: Rig, *functions: Function, code: str, was: str) -> str:
    """Plug in, enrol, see it work, pull out again; its port."""
    before = rig.seq()
    gadget = plug(rig, *functions)
    rig.blocked(gadget, before, was)
    enrol(rig, gadget)
    rig.allowed(gadget, before, code)
    pull(gadget)
    return gadget.port


def refused(rig: Rig, *functions: Function, code: str, facet: str, pid: int = 1) -> Entry:
    """What comes to the same port is dead, for this facet."""
    before = rig.seq()
    gadget = plug(rig, *functions, pid=pid)
    entry = rig.blocked(gadget, before, code)
    assert entry["facet"] == facet
    pull(gadget)
    return entry


def test_a_second_keyboard_is_dead_and_cannot_be_enrolled_beside_the_first(rig: Rig) -> None:
    """It takes the place of the first when somebody says so; at no moment is none enrolled."""
    before = rig.seq()
    first = rig.guest.plug_keyboard(port=3)
    rig.blocked(first, before, "INPUT_NOT_ENROLLED")
    identifier = enrol(rig, first)
    rig.allowed(first, before, "INPUT_ENROLLED")
    before = rig.seq()
    second = rig.guest.plug_keyboard(port=4)
    rig.blocked(second, before, "INPUT_NOT_ENROLLED")
    rig.fails(f"peripheral enrol {second.port} --yes", 1, REACHED)
    rig.guest.witness.assert_dead(second.port)
    enrol(rig, second, "--replaces", identifier)
    rig.allowed(second, before, "INPUT_ENROLLED")
    rig.await_entry(before, kind="cut", name=first.port, code="INPUT_NOT_ENROLLED")
    rig.dead_again(first.port)
    changes = [e["kind"] for e in rig.entries(before) if e["kind"].startswith("peripheral-")]
    assert changes == ["peripheral-enrol", "peripheral-remove"]


def test_more_keyboards_than_the_policy_permits_are_dead(rig: Rig) -> None:
    """Two are enrolled and work; the policy comes to permit one."""
    permit(rig)
    before = rig.seq()
    keyboards = [rig.guest.plug_keyboard(port=port) for port in (3, 4)]
    for keyboard in keyboards:
        rig.await_entry(before, name=keyboard.port, code="INPUT_NOT_ENROLLED")
        enrol(rig, keyboard)
        rig.allowed(keyboard, before, "INPUT_ENROLLED")
    before = rig.seq()
    rig.cli("policy use standalone")
    cut = rig.await_entry(before, kind="cut", code="LIMIT")
    assert (cut["facet"], cut["expected"], cut["seen"]) == ("keyboards", "at most 1", "2")
    rig.dead_again(cut["name"])
    (other,) = (k for k in keyboards if k.port != cut["name"])
    assert not rig.guest.witness.dead(other.port).dead
    assert [e["name"] for e in rig.entries(before, kind="cut")] == [cut["name"]]


def test_a_mouse_that_types_is_cut(rig: Rig) -> None:
    """One more interface is seen before; the same descriptors with keys inside as soon as the kernel shows them."""
    rig.guest.load_dummy_hcd()
    port = enrolled(rig, MOUSE, code="INPUT_ENROLLED", was="INPUT_NOT_ENROLLED")
    refused(rig, MOUSE, KEYBOARD, code="INPUT_NOT_ENROLLED", facet="interfaces")
    before = rig.seq()
    clone = plug(rig, hid(TYPING_REPORT, protocol=2, length=3))
    assert clone.port == port
    cut = rig.await_entry(before, kind="cut", name=port, code="MISMATCH")
    assert (cut["facet"], cut["alarm"]) == ("keys", True)
    rig.dead_again(port)
    rig.facts["ms"] = cut["mono_ms"] - rig.await_entry(before, kind="decision", name=port)["mono_ms"]


def test_a_printer_that_brings_storage_or_a_network_is_dead(rig: Rig) -> None:
    """The enrolled one prints; the same numbers and serial with anything beside it do not."""
    permit(rig)
    rig.guest.load_dummy_hcd()
    rig.guest.run("truncate -s 8M /root/medium")
    enrolled(rig, printer(), code="PERIPHERAL_ENROLLED", was="PRINTER")
    for more in (mass_storage("/root/medium"), ecm()):
        entry = refused(rig, printer(), more, code="MISMATCH", facet="interfaces")
        assert entry["alarm"]


def test_a_wireless_receiver_with_one_more_interface_is_dead(rig: Rig) -> None:
    """Every interface is in its fingerprint; complete, all of them work."""
    rig.guest.load_dummy_hcd()
    port = enrolled(rig, KEYBOARD, MOUSE, code="INPUT_ENROLLED", was="INPUT_NOT_ENROLLED")
    refused(rig, KEYBOARD, MOUSE, MOUSE, code="INPUT_NOT_ENROLLED", facet="interfaces")
    refused(rig, KEYBOARD, code="INPUT_NOT_ENROLLED", facet="interfaces")
    before = rig.seq()
    receiver = plug(rig, KEYBOARD, MOUSE)
    assert receiver.port == port
    assert rig.allowed(receiver, before, "INPUT_ENROLLED")["granted"] == [0, 1]


def claimed(rig: Rig, token: Device, user: str) -> str:
    """What the kernel says when somebody takes the token's interface, as programs do that drive it."""
    folder = f"/sys/bus/usb/devices/{token.port}"
    numbers = [rig.guest.read(f"{folder}/{name}").strip() for name in ("busnum", "devnum")]
    return rig.guest.run(["python3", "-I", "/opt/lab/claim.py", *numbers], user=user).stdout.strip()


def test_a_token_opens_only_when_the_policy_says_so(rig: Rig) -> None:
    """Then programs may take it, and its node goes to whom the rule of another package names; taken off, to nobody."""
    rig.guest.put(INSIDE / "claim.py", "/opt/lab/claim.py")
    rig.guest.run("groupadd --force the && useradd --groups the nguoidung")
    rule = 'ACTION=="add", SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", GROUP="the", MODE="0666"\n'
    rig.guest.write("/etc/udev/rules.d/60-sample.rules", rule)
    rig.guest.run("udevadm control --reload")
    before = rig.seq()
    token = rig.guest.plug_ccid()
    rig.blocked(token, before, "SMART_CARD")
    rig.fails(f"peripheral enrol {token.port} --yes", 1, NOT_PERMITTED)
    assert [claimed(rig, token, user) for user in ("root", "nguoidung")] == ["ENOENT", "EACCES"]
    permit(rig)
    since = rig.guest.witness.mark
    identifier = enrol(rig, token)
    rig.await_entry(before, kind="outcome", name=token.port, code="PERIPHERAL_ENROLLED", outcome="allowed")
    rig.guest.witness.wait_uevent("add", since=since, devpath=f"/{token.port}$", DEVTYPE="usb_device")
    rig.guest.run("udevadm settle")
    assert [claimed(rig, token, user) for user in ("root", "nguoidung", "nobody")] == ["taken", "taken", "EACCES"]
    rig.cli(f"peripheral remove {identifier} --reason hong --yes")
    rig.await_entry(before, kind="cut", name=token.port)
    rig.dead_again(token.port)
    rig.guest.run("udevadm settle")
    assert [claimed(rig, token, user) for user in ("root", "nguoidung")] == ["ENOENT", "EACCES"]


def maintained(rig: Rig) -> None:
    """As after a start from the maintenance entry: the kernel's command line has the word."""
    line = rig.guest.read("/proc/cmdline").strip()
    rig.guest.write("/run/cmdline", f"{line} usbguard-py.maintenance=keyboard\n")
    # ProtectControlGroups gives the unit a /proc of its own.
    rig.guest.write(f"{DROP_IN}/cmdline.conf", "[Service]\nBindReadOnlyPaths=/run/cmdline:/proc/cmdline\n")
    rig.guest.run("mount --bind /run/cmdline /proc/cmdline; systemctl daemon-reload", timeout=60)
    rig.guest.run("systemctl restart usbguard-py", timeout=90)


def started_anew(rig: Rig) -> None:
    """As after the next start: nothing is left in /run, and the command line is what it always was."""
    rig.guest.run(f"umount /proc/cmdline; rm -r {DROP_IN} /run/usbguard-py/maintenance; systemctl daemon-reload")
    rig.guest.run("systemctl restart usbguard-py", timeout=90)


def test_a_maintenance_start_lets_in_one_plain_keyboard_on_the_port_of_the_enrolled_one(rig: Rig) -> None:
    """Recorded and shown; not another, not one that brings anything along, not elsewhere, not after the next start."""
    rig.guest.load_dummy_hcd(2)
    port = enrolled(rig, KEYBOARD, code="INPUT_ENROLLED", was="INPUT_NOT_ENROLLED")
    before = rig.seq()
    maintained(rig)
    assert rig.await_entry(before, kind="maintenance")["alarm"] is True
    rig.status_says(STARTED)
    refused(rig, KEYBOARD, MOUSE, code="INPUT_NOT_ENROLLED", facet="enrolment", pid=2)
    before = rig.seq()
    standing_in = plug(rig, KEYBOARD, pid=2)
    assert standing_in.port == port
    rig.allowed(standing_in, before, "MAINTENANCE")
    assert rig.await_entry(before, kind="maintenance", name=port)["alarm"] is True
    rig.status_says(Sentences(*(text.format(port) for text in ACCEPTED)))
    before = rig.seq()
    elsewhere = plug(rig, KEYBOARD, pid=3)
    rig.blocked(elsewhere, before, "INPUT_NOT_ENROLLED")
    pull(standing_in)
    refused(rig, KEYBOARD, code="INPUT_NOT_ENROLLED", facet="enrolment", pid=3)
    before = rig.seq()
    again = plug(rig, KEYBOARD, pid=2)
    rig.allowed(again, before, "MAINTENANCE")
    before = rig.seq()
    started_anew(rig)
    rig.await_entry(before, kind="cut", name=port, code="INPUT_NOT_ENROLLED")
    rig.dead_again(port)
