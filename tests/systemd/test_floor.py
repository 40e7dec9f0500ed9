"""The floor's script on a tree of plain files; what a real kernel does with it is shown in the lab."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

FLOOR = Path(__file__).parents[2] / "systemd" / "floor"
DESCRIPTORS = bytes.fromhex("12010002000000402706010000000103000101") + b"\x00" * 20
DIGEST = hashlib.sha256(DESCRIPTORS).hexdigest()
KEYBOARD = f"1-2 0627:0001 {DIGEST} 0"


class Machine:
    """A folder that looks like a machine with one bus and, on request, a keyboard on port 1-2."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.script = root / "floor"
        text = FLOOR.read_text(encoding="utf-8")
        assert "ROOT=''\n" in text
        self.script.write_text(text.replace("ROOT=''\n", f"ROOT='{root}'\n"), encoding="utf-8")
        self.put("sys/module/usbcore/parameters/authorized_default", "-1\n")
        self.put("sys/bus/usb/drivers_probe", "")
        self.put("sys/bus/scsi/drivers_autoprobe", "1\n")
        self.put("sys/bus/scsi/drivers_probe", "")
        self.put("sys/module/usb_storage/parameters/delay_use", "1\n")
        self.put("proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/vda quiet\n")
        self.put("dev/kmsg", "")
        self.bus("usb1")

    def path(self, name: str) -> Path:
        return self.root / name

    def put(self, name: str, text: str | bytes, mode: int = 0o644) -> Path:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return path

    def get(self, name: str) -> str:
        return self.path(name).read_text(encoding="utf-8").strip()

    def bus(self, name: str) -> None:
        for attribute in ("authorized_default", "interface_authorized_default", "authorized"):
            self.put(f"sys/bus/usb/devices/{name}/{attribute}", "1\n")
        self.path(f"sys/bus/usb/devices/{name}/{name[3:]}-0:1.0").mkdir()

    def keyboard(self, name: str = "1-2", interface_class: str = "03") -> None:
        device = f"sys/bus/usb/devices/{name}"
        values = {
            "busnum": "1\n",
            "devnum": "7\n",
            "idVendor": "0627\n",
            "idProduct": "0001\n",
            "bConfigurationValue": "1\n",
            "authorized": "0\n",
            f"{name}:1.0/bInterfaceClass": f"{interface_class}\n",
            f"{name}:1.0/authorized": "0\n",
            f"{name}:1.1/bInterfaceClass": "03\n",
            f"{name}:1.1/authorized": "0\n",
        }
        for attribute, value in values.items():
            self.put(f"{device}/{attribute}", value)
        self.put(f"{device}/descriptors", DESCRIPTORS)

    def enforce(self, *lines: str) -> None:
        self.put("etc/usbguard-py/floor/mode", "enforce\n")
        self.put("etc/usbguard-py/floor/input", "".join(f"{line}\n" for line in lines), mode=0o600)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["dash", self.script, *arguments], capture_output=True, text=True, check=False, cwd=self.root
        )

    def usb(self, name: str) -> str:
        return self.get(f"sys/bus/usb/devices/{name}")

    @property
    def parameter(self) -> str:
        return self.get("sys/module/usbcore/parameters/authorized_default")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


MODES = {
    "enforce": ("enforce\n", True),
    "no newline": ("enforce", True),
    "observe": ("observe\n", False),
    "missing": (None, False),
    "empty": ("", True),
    "unknown word": ("obsreve\n", True),
    "two words": ("observe enforce\n", True),
    "two lines": ("observe\nenforce\n", True),
}


@pytest.mark.parametrize(("text", "closed"), MODES.values(), ids=MODES.keys())
def test_mode(machine: Machine, text: str | None, closed: bool) -> None:
    if text is not None:
        machine.put("etc/usbguard-py/floor/mode", text)
    assert machine.run("close").returncode == 0
    expected = "0" if closed else "1"
    assert machine.usb("usb1/authorized_default") == expected
    assert machine.usb("usb1/interface_authorized_default") == expected
    assert machine.parameter == ("0" if closed else "-1")
    assert machine.path("run/usbguard-py/enforcing").exists() is closed


def test_a_mode_that_cannot_be_read_enforces(machine: Machine) -> None:
    machine.path("etc/usbguard-py/floor/mode").mkdir(parents=True)
    assert machine.run("close").returncode == 0
    assert machine.parameter == "0"


def test_close_never_writes_a_root_hub(machine: Machine) -> None:
    machine.enforce()
    machine.run("close")
    assert machine.usb("usb1/authorized") == "1"


def test_close_leaves_a_working_device_alone(machine: Machine) -> None:
    machine.keyboard()
    machine.put("sys/bus/usb/devices/1-2/authorized", "1\n")
    machine.enforce()
    machine.run("close")
    assert machine.usb("1-2/authorized") == "1"


def test_close_closes_every_bus_and_says_which_it_could_not(machine: Machine) -> None:
    machine.enforce()
    for name in ("usb2", "usb10"):
        machine.bus(name)
    broken = machine.path("sys/bus/usb/devices/usb2/interface_authorized_default")
    broken.unlink()
    broken.mkdir()
    run = machine.run("close")
    assert run.returncode == 1
    assert "usb2" in run.stderr
    assert "NOT complete" in machine.get("dev/kmsg")
    assert machine.usb("usb10/authorized_default") == "0"


def test_close_without_usb_prepares_the_module(machine: Machine) -> None:
    shutil.rmtree(machine.path("sys"))
    machine.enforce()
    assert machine.run("close").returncode == 0
    options = machine.get("run/modprobe.d/usbguard-py.conf").splitlines()
    assert options == ["options usbcore authorized_default=0", "options usb-storage delay_use=0"]


COMMAND_LINES = {
    "nothing said": ("quiet", "-1", "1"),
    "closed": ("quiet usbcore.authorized_default=0 ro", "0", "0"),
    "internal": ("usbcore.authorized_default=2", "2", "2"),
    "the last one counts": ("usbcore.authorized_default=0 usbcore.authorized_default=1", "1", "1"),
    "not a value": ("usbcore.authorized_default=* usbcore.authorized_default=9", "-1", "1"),
}


@pytest.mark.parametrize(("line", "parameter", "bus"), COMMAND_LINES.values(), ids=COMMAND_LINES.keys())
def test_open_gives_the_kernel_its_default_back(machine: Machine, line: str, parameter: str, bus: str) -> None:
    machine.put("proc/cmdline", line)
    machine.enforce()
    machine.run("close")
    assert machine.run("open").returncode == 1  # the mode is enforce
    assert machine.run("open", "anyway").returncode == 0
    assert machine.parameter == parameter
    assert machine.usb("usb1/authorized_default") == bus
    assert machine.usb("usb1/interface_authorized_default") == "1"
    assert not machine.path("run/usbguard-py/enforcing").exists()
    assert not machine.path("run/modprobe.d/usbguard-py.conf").exists()


def test_check(machine: Machine) -> None:
    assert machine.run("check").returncode == 1
    machine.enforce()
    machine.run("close")
    assert machine.run("check").stdout == "closed\n"
    machine.put("sys/bus/usb/devices/usb1/interface_authorized_default", "1\n")
    run = machine.run("check")
    assert (run.returncode, run.stdout) == (1, "bus usb1 is open\n")


def test_admit_opens_the_listed_interface_and_no_other(machine: Machine) -> None:
    machine.keyboard()
    machine.enforce("# comment", KEYBOARD)
    machine.run("close")
    assert machine.usb("1-2/authorized") == "1"
    assert machine.usb("1-2/1-2:1.0/authorized") == "1"
    assert machine.usb("1-2/1-2:1.1/authorized") == "0"
    assert machine.get("sys/bus/usb/drivers_probe") == "1-2:1.0"
    assert machine.path("run/usbguard-py/open/1-2:7").exists()


@pytest.mark.parametrize("kind", ["", " keyboard", " mouse"], ids=["none, by an older program", "keyboard", "mouse"])
def test_admit_by_udev(machine: Machine, kind: str) -> None:
    machine.enforce(KEYBOARD + kind)
    machine.run("close")
    machine.keyboard()
    assert machine.run("admit", "1-2").returncode == 0
    assert machine.usb("1-2/1-2:1.0/authorized") == "1"


@pytest.mark.parametrize(("kind", "opened"), [("keyboard", "1"), ("mouse", "0")])
def test_in_the_initramfs_only_keyboards_work(machine: Machine, kind: str, opened: str) -> None:
    machine.keyboard()
    machine.put("etc/usbguard-py/floor/initramfs", "")
    machine.enforce(f"{KEYBOARD} {kind}")
    machine.run("close")
    assert machine.usb("1-2/1-2:1.0/authorized") == opened
    machine.path("etc/usbguard-py/floor/initramfs").unlink()
    machine.run("close")
    assert machine.usb("1-2/1-2:1.0/authorized") == "1"


NOT_ADMITTED = {
    "another port": KEYBOARD.replace("1-2", "1-3"),
    "another vendor": KEYBOARD.replace("0627", "0628"),
    "other descriptors": KEYBOARD.replace(DIGEST, "0" * 64),
    "no digest": "1-2 0627:0001 0",
    "no interfaces": f"1-2 0627:0001 {DIGEST}",
    "a kind that nobody knows": f"{KEYBOARD} 1",
    "a printer": f"{KEYBOARD} printer",
    "one field too many": f"{KEYBOARD} keyboard 1",
    "a command as interface": f"1-2 0627:0001 {DIGEST} $(touch${{IFS}}pwned)",
    "a pattern as port": KEYBOARD.replace("1-2 ", "* "),
    "a commented line": f"#{KEYBOARD}",
}


@pytest.mark.parametrize("line", NOT_ADMITTED.values(), ids=NOT_ADMITTED.keys())
def test_not_admitted(machine: Machine, line: str) -> None:
    machine.keyboard()
    machine.enforce(line)
    machine.run("close")
    machine.run("admit", "1-2")
    assert machine.usb("1-2/authorized") == "0"
    assert not list(machine.path("run/usbguard-py/open").iterdir())
    assert not list(machine.root.rglob("pwned*"))


def test_an_interface_that_is_no_input_stays_closed(machine: Machine) -> None:
    machine.keyboard(interface_class="08")
    machine.enforce(KEYBOARD)
    machine.run("close")
    assert machine.usb("1-2/1-2:1.0/authorized") == "0"
    assert machine.run("admit", "1-2").returncode == 1


def test_no_bus_default_no_admission(machine: Machine) -> None:
    machine.keyboard()
    machine.enforce(KEYBOARD)
    default = machine.path("sys/bus/usb/devices/usb1/interface_authorized_default")
    default.unlink()
    default.mkdir()
    assert machine.run("close").returncode == 1
    assert machine.usb("1-2/authorized") == "0"


def test_admit_does_nothing_while_observing(machine: Machine) -> None:
    machine.keyboard()
    machine.put("etc/usbguard-py/floor/input", KEYBOARD + "\n", mode=0o600)
    assert machine.run("admit", "1-2").returncode == 0
    assert machine.usb("1-2/authorized") == "0"


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_list_that_others_may_write_is_not_believed(machine: Machine, mode: int) -> None:
    machine.keyboard()
    machine.enforce(KEYBOARD)
    machine.path("etc/usbguard-py/floor/input").chmod(mode)
    machine.run("close")
    assert machine.usb("1-2/authorized") == "0"


def test_a_link_is_not_believed(machine: Machine) -> None:
    machine.keyboard()
    machine.enforce(KEYBOARD)
    file = machine.path("etc/usbguard-py/floor/input")
    file.rename(file.with_name("elsewhere"))
    file.symlink_to("elsewhere")
    machine.run("close")
    assert machine.usb("1-2/authorized") == "0"


def test_a_bus_whose_root_hub_has_no_interface_yet_keeps_its_interface_default(machine: Machine) -> None:
    """Closed at that moment, the hub driver would never bind; udev closes it when the interface is there."""
    machine.put("etc/usbguard-py/floor/mode", "enforce\n")
    machine.path("sys/bus/usb/devices/usb1/1-0:1.0").rmdir()
    assert machine.run("close").returncode == 0
    assert machine.usb("usb1/authorized_default") == "0"
    assert machine.usb("usb1/interface_authorized_default") == "1"


HOSTILE = ["", "1", "usb1", "-1", "1-", "../1-2", "1-2/..", "1-2:1.0", "1-2;reboot", "*", "$(touch pwned)", "1-2\n1-3"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(machine: Machine, name: str) -> None:
    machine.keyboard()
    machine.enforce(KEYBOARD)
    machine.put("run/usbguard-py/enforcing", "")
    assert machine.run("admit", name).returncode == 64
    assert machine.usb("1-2/authorized") == "0"
    assert not list(machine.root.rglob("pwned*"))


@pytest.mark.parametrize(("number", "flag"), [("007", "7"), ("7", "7"), ("010", "10"), ("127", "127")])
def test_forget(machine: Machine, number: str, flag: str) -> None:
    file = machine.put(f"run/usbguard-py/open/1-2:{flag}", "")
    other = machine.put("run/usbguard-py/open/1-2:99", "")
    limits = [machine.put(f"run/usbguard-py/{kind}/1-2:{flag}", "") for kind in ("read-only", "login-tool", "raw")]
    assert machine.run("forget", "1-2", number).returncode == 0
    assert [path for path in (file, *limits) if path.exists()] == []
    assert other.exists()


@pytest.mark.parametrize(
    "arguments", [(), ("open", "up"), ("admit",), ("forget", "1-2"), ("cut",), ("forget", "1-2", "*")]
)
def test_usage(machine: Machine, arguments: tuple[str, ...]) -> None:
    assert machine.run(*arguments).returncode == 64


def renewing(machine: Machine, program: str) -> None:
    """A program stands for `update-initramfs`, which takes minutes; the real one runs in the lab."""
    tool = machine.put(
        "bin/update-initramfs", f"#!/bin/sh\necho \"$*\" >>'{machine.root}/called'\n{program}\n", mode=0o755
    )
    text = machine.script.read_text(encoding="utf-8")
    assert "PATH=/usr/sbin" in text
    machine.script.write_text(text.replace("PATH=/usr/sbin", f"PATH={tool.parent}:/usr/sbin"), encoding="utf-8")
    machine.put("called", "")


def test_renew_does_nothing_before_the_floor_is_installed(machine: Machine) -> None:
    renewing(machine, "")
    machine.enforce(KEYBOARD)
    assert machine.run("renew").returncode == 0
    assert machine.get("called") == ""


def test_renew_builds_once_for_what_is_enrolled(machine: Machine) -> None:
    renewing(machine, "")
    machine.enforce("# head", KEYBOARD)
    machine.put("etc/usbguard-py/floor/installed", "")
    for _ in range(2):
        assert machine.run("renew").returncode == 0
    assert machine.get("called") == "-u -k all"
    machine.enforce("# head", KEYBOARD, KEYBOARD.replace("1-2", "1-3"))
    assert machine.run("renew").returncode == 0
    assert machine.get("called").splitlines() == ["-u -k all"] * 2


def test_renew_builds_again_when_the_list_changed_meanwhile(machine: Machine) -> None:
    machine.enforce(KEYBOARD)
    machine.put("etc/usbguard-py/floor/installed", "")
    renewing(
        machine,
        f"[ -e {machine.root}/once ] || echo x >>{machine.root}/etc/usbguard-py/floor/input; : >{machine.root}/once",
    )
    assert machine.run("renew").returncode == 0
    assert machine.get("called").splitlines() == ["-u -k all"] * 2


def test_images_are_built_by_dracut_where_a_kernel_s_package_calls_it(machine: Machine) -> None:
    """One after the other, and only of kernels that are there."""
    renewing(machine, "")
    machine.put("bin/dracut", f"#!/bin/sh\necho \"dracut $*\" >>'{machine.root}/called'\n", mode=0o755)
    for name in ("usr/bin/dracut", "etc/kernel/postinst.d/dracut"):
        machine.put(name, "", mode=0o755)
    for name in ("boot/initrd.img-6.1.0", "boot/initrd.img-5.10.0", "lib/modules/6.1.0/modules.dep"):
        machine.put(name, "")
    assert machine.run("images").returncode == 0
    assert machine.get("called") == f"dracut -q --force {machine.root}/boot/initrd.img-6.1.0 6.1.0"


def test_renew_says_that_it_failed_and_remembers_nothing(machine: Machine) -> None:
    renewing(machine, "exit 1")
    machine.enforce(KEYBOARD)
    machine.put("etc/usbguard-py/floor/installed", "")
    assert machine.run("renew").returncode == 1
    assert "NOT be renewed" in machine.get("dev/kmsg")
    assert not machine.path("run/usbguard-py/initramfs").exists()


def test_observing_opens_what_the_initramfs_closed(machine: Machine) -> None:
    """The parameter is our own there: a machine that only observes must not be left without its devices."""
    machine.put("proc/cmdline", "usbcore.authorized_default=0")
    machine.keyboard()
    machine.enforce()
    machine.run("close")
    machine.put("run/usbguard-py/initramfs", "")
    assert machine.usb("1-2/authorized") == "0"
    machine.put("etc/usbguard-py/floor/mode", "observe\n")
    assert machine.run("close").returncode == 0
    assert machine.parameter == "-1"
    assert machine.usb("usb1/authorized_default") == "1"
    assert machine.usb("1-2/authorized") == "1"
    assert not machine.path("run/usbguard-py/enforcing").exists()


@pytest.mark.parametrize("mark", ["etc/usbguard-py/floor/installed", "run/usbguard-py/initramfs"])
def test_open_does_not_take_our_own_parameter_for_the_machine_s(machine: Machine, mark: str) -> None:
    machine.put("proc/cmdline", "usbcore.authorized_default=0")
    machine.enforce()
    machine.run("close")
    machine.put(mark, "")
    assert machine.run("open", "anyway").returncode == 0
    assert machine.parameter == "-1"
    assert machine.usb("usb1/authorized_default") == "1"


DELAY = "sys/module/usb_storage/parameters/delay_use"
AUTOPROBE = "sys/bus/scsi/drivers_autoprobe"


@pytest.mark.parametrize(
    ("word", "delay"), [("", "1"), (" usb-storage.delay_use=3", "3"), (" usb-storage.delay_use=x", "1")]
)
def test_drives_are_held_and_let_go(machine: Machine, word: str, delay: str) -> None:
    machine.put("proc/cmdline", f"BOOT_IMAGE=/vmlinuz root=/dev/vda{word}\n")
    machine.enforce()
    assert machine.run("close").returncode == 0
    assert (machine.get(AUTOPROBE), machine.get(DELAY)) == ("0", "0")
    assert machine.run("open", "anyway").returncode == 0
    assert (machine.get(AUTOPROBE), machine.get(DELAY)) == ("1", delay)


def test_drives_that_are_not_held_are_told(machine: Machine) -> None:
    machine.enforce()
    machine.run("close")
    machine.put(AUTOPROBE, "1\n")
    run = machine.run("check")
    assert (run.returncode, run.stdout) == (1, "drives are not held\n")


def test_a_bus_that_cannot_be_held_fails(machine: Machine) -> None:
    machine.enforce()
    machine.path(AUTOPROBE).unlink()
    machine.path(AUTOPROBE).mkdir()
    run = machine.run("close")
    assert run.returncode == 1
    assert "drives are not held" in run.stderr


def unit(machine: Machine, below: str, *, driver: bool = False) -> None:
    place = machine.path(f"sys/devices/{below}/0:0:0:0")
    place.mkdir(parents=True)
    if driver:
        (place / "driver").mkdir()
    link = machine.path("sys/bus/scsi/devices/0:0:0:0")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(place)


@pytest.mark.parametrize(
    ("below", "driver", "probed"),
    [
        ("pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0", False, "0:0:0:0"),
        ("pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0", True, ""),
        ("pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host0/target0:0:0", False, ""),
    ],
    ids=["inside the machine", "has its driver", "on USB"],
)
def test_attach(machine: Machine, below: str, driver: bool, probed: str) -> None:
    unit(machine, below, driver=driver)
    assert machine.run("attach", "0:0:0:0").returncode == 0
    assert machine.get("sys/bus/scsi/drivers_probe") == probed


@pytest.mark.parametrize(("name", "code"), [("9:0:0:0", 0), ("../x", 64), ("", 64), ("0:0:0:0 1:0:0:0", 64)])
def test_attach_takes_names_of_units_only(machine: Machine, name: str, code: int) -> None:
    assert machine.run("attach", name).returncode == code
    assert machine.get("sys/bus/scsi/drivers_probe") == ""


def on_trial(machine: Machine, until: str, uptime: str = "100.50 90.00\n") -> None:
    machine.put("etc/usbguard-py/floor/mode", "observe\n")
    machine.put("run/usbguard-py/trial", until)
    machine.put("proc/uptime", uptime)


def test_a_trial_enforces_whatever_the_mode_of_the_next_start_is(machine: Machine) -> None:
    on_trial(machine, "700\n")
    assert machine.run("close").returncode == 0
    assert machine.usb("usb1/authorized_default") == "0"
    assert machine.run("open").returncode == 1
    assert machine.usb("usb1/authorized_default") == "0"


OVER = {"its time": "85\n", "no number": "soon\n", "empty": ""}


@pytest.mark.parametrize("until", OVER.values(), ids=OVER.keys())
def test_a_trial_that_is_over_gives_back_what_was_closed(machine: Machine, until: str) -> None:
    machine.keyboard()
    on_trial(machine, "700\n")
    machine.run("close")
    assert machine.usb("1-2/authorized") == "0"
    machine.put("run/usbguard-py/trial", until)
    done = machine.run("trial")
    assert (done.returncode, "the trial was not confirmed" in done.stderr) == (0, True)
    assert not machine.path("run/usbguard-py/trial").exists()
    assert not machine.path("run/usbguard-py/enforcing").exists()
    assert (machine.usb("usb1/authorized_default"), machine.usb("1-2/authorized")) == ("1", "1")


def test_a_trial_that_was_confirmed_meanwhile_opens_nothing(machine: Machine) -> None:
    on_trial(machine, "1\n")
    machine.run("close")
    machine.put("etc/usbguard-py/floor/mode", "enforce\n")
    assert machine.run("trial").returncode == 0
    assert machine.usb("usb1/authorized_default") == "0"
    machine.path("run/usbguard-py/trial").unlink(missing_ok=True)
    assert machine.run("trial").returncode == 0


def test_the_judge_ends_a_trial_before_the_script_does(machine: Machine) -> None:
    """It has fifteen seconds for it; the script waits as long as the file is there."""
    on_trial(machine, "90\n")
    with subprocess.Popen(["dash", machine.script, "trial"], cwd=machine.root, stderr=subprocess.PIPE) as waiting:
        machine.path("run/usbguard-py/trial").unlink()
        assert waiting.wait(timeout=30) == 0
        assert waiting.stderr is not None
        assert waiting.stderr.read() == b""


def test_return_opens_what_was_closed_only_while_it_observes(machine: Machine) -> None:
    machine.keyboard()
    machine.enforce()
    machine.run("close")
    assert machine.run("return").returncode == 1
    assert (machine.usb("usb1/authorized_default"), machine.usb("1-2/authorized")) == ("0", "0")
