"""Reading an initramfs: packed by the real programs, whole and damaged. The lab reads what mkinitramfs made."""

import shutil
import subprocess
from pathlib import Path

import pytest

from usbguard_py import paths
from usbguard_py.errors import BadInput
from usbguard_py.shell import initramfs

PARAMETERS = "[ -e /conf/param.conf ] && . /conf/param.conf"
ORDER = f'/scripts/init-top/00-usbguard-py "$@"\n{PARAMETERS}\n/scripts/init-top/udev "$@"\n{PARAMETERS}\n'
PACKERS = [command for command in ("gzip", "zstd", "xz", "bzip2", "lz4", "cat") if shutil.which(command)]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on whose disk every file of the floor is."""
    monkeypatch.setattr(paths, "ROOT", tmp_path / "machine")
    monkeypatch.setattr(paths, "BOOT", tmp_path / "machine/boot")
    for name in initramfs.SAME.values():
        write(paths.ROOT / name, f"content of {name}")
    write(paths.ROOT / "lib/modules/6.1.0/modules.dep", "")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def archive(folder: Path) -> bytes:
    """A cpio archive of the format "newc", with folders, as the kernel's own gen_init_cpio lays it out."""
    out = b""
    for number, path in enumerate(sorted(folder.rglob("*")), start=1):
        data = path.read_bytes() if path.is_file() else b""
        out += member(number, str(path.relative_to(folder)), data, 0o100644 if path.is_file() else 0o040755)
    return out + member(0, "TRAILER!!!", b"", 0)


def member(number: int, name: str, data: bytes, mode: int) -> bytes:
    raw = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)
    head = b"070701" + b"".join(f"{field:08X}".encode() for field in fields) + raw
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def tree(machine: Path, **changed: str | None) -> Path:
    """What the hook would put into an initramfs; a value of `None` leaves a file out."""
    folder = machine / "tree"
    shutil.rmtree(folder, ignore_errors=True)
    held = {name: f"content of {file}" for name, file in initramfs.SAME.items()}
    for name, text in {**held, initramfs.MODE: "enforce\n", initramfs.ORDER: ORDER, "init": "#!/bin/sh\n"}.items():
        if (wanted := changed.get(name.rpartition("/")[2], text)) is not None:
            write(folder / name, wanted)
    return folder


def image(machine: Path, packer: str = "gzip", **changed: str | None) -> Path:
    """An image as mkinitramfs makes it: microcode in a plain archive, zeros, the rest packed."""
    early = machine / "early"
    write(early / "kernel/x86/microcode/GenuineIntel.bin", "microcode" * 99)
    main = archive(tree(machine, **changed))
    command = [packer] if packer == "cat" else [packer, "-l", "-c"] if packer == "lz4" else [packer, "-c"]
    packed = subprocess.run(command, input=main, capture_output=True, check=True).stdout
    path = paths.BOOT / "initrd.img-6.1.0"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(archive(early) + bytes(1024) + packed)
    return path


@pytest.mark.parametrize("packer", PACKERS)
def test_whole(machine: Path, packer: str) -> None:
    assert initramfs.problems(image(machine, packer)) == ()
    assert initramfs.images() == (paths.BOOT / "initrd.img-6.1.0",)


LATE = "\n".join(reversed(ORDER.splitlines()))
BAD: dict[str, tuple[dict[str, str | None], str]] = {
    "no script": ({"floor": None}, "usr/lib/usbguard-py/floor is missing"),
    "another script": ({"floor": "x"}, "usr/lib/usbguard-py/floor differs"),
    "another keyboard": ({"input": "1-2 x"}, "etc/usbguard-py/floor/input differs"),
    "no rules": ({"10-usbguard-py.rules": None}, "usr/lib/udev/rules.d/10-usbguard-py.rules is missing"),
    "observing": ({"mode": "observe\n"}, "etc/usbguard-py/floor/mode differs"),
    "no mode": ({"mode": None}, "etc/usbguard-py/floor/mode is missing"),
    "after udev": ({"ORDER": LATE}, "it runs after udev"),
    "never run": ({"ORDER": '/scripts/init-top/udev "$@"\n'}, "it runs after udev"),
}


@pytest.mark.parametrize(("changed", "problem"), BAD.values(), ids=BAD.keys())
def test_not_as_on_the_disk(machine: Path, changed: dict[str, str | None], problem: str) -> None:
    assert initramfs.problems(image(machine, **changed)) == (problem,)


def test_a_file_that_went_from_the_disk(machine: Path) -> None:
    path = image(machine)
    (paths.ROOT / "etc/usbguard-py/floor/input").unlink()
    assert initramfs.problems(path) == ("etc/usbguard-py/floor/input is not on the disk",)


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9])
def test_cut_off(machine: Path, keep: float) -> None:
    path = image(machine, "cat")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    assert initramfs.problems(path)


@pytest.mark.parametrize("content", [b"", b"no archive", b"070701" + b"Z" * 200, b"\x1f\x8bno gzip", bytes(512)])
def test_no_image(machine: Path, content: bytes) -> None:
    path = image(machine)
    path.write_bytes(content)
    assert initramfs.problems(path)


def test_an_unknown_packer_is_named(machine: Path) -> None:
    path = image(machine)
    path.write_bytes(b"PK\x03\x04" + bytes(200))
    with pytest.raises(BadInput, match="initrd"):
        dict(initramfs.files(path, initramfs.WANTED))


def test_an_image_without_a_kernel_is_nobody_s(machine: Path) -> None:
    image(machine).rename(paths.BOOT / "initrd.img-5.10.0")
    assert initramfs.images() == ()


@pytest.mark.parametrize("hook", initramfs.DRACUT_HOOKS)
def test_dracut_s_images_hold_its_hook(machine: Path, hook: str) -> None:
    """Instead of the script of initramfs-tools, in one of the places where dracut's versions put it."""
    for name in ("usr/bin/dracut", "etc/kernel/postinst.d/dracut", initramfs.DRACUT_SCRIPT):
        write(paths.ROOT / name, f"content of {name}")
    whole = {"00-usbguard-py": None, "ORDER": None}
    assert initramfs.problems(image(machine, **whole)) == (f"{initramfs.DRACUT_HOOKS[0]} is missing",)
    write(machine / "extra" / hook, f"content of {initramfs.DRACUT_SCRIPT}")
    path = image(machine, "cat", **whole)
    path.write_bytes(archive(machine / "extra") + path.read_bytes())
    assert initramfs.problems(path) == ()
    write(machine / "extra" / hook, "another")
    path.write_bytes(archive(machine / "extra") + image(machine, "cat", **whole).read_bytes())
    assert initramfs.problems(path) == (f"{hook} differs",)
