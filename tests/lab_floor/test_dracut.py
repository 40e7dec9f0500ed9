"""The floor in an initramfs that dracut builds, instead of initramfs-tools: what it holds, and a start from it."""

import json
import re
from pathlib import Path

import pytest

from tests.lab import Lab
from tests.lab.debs import debs
from tests.lab.derived import derive
from tests.lab.image import Image
from tests.lab_floor.test_from_power_on import ENROLLED, INSIDE, RECORD, ROOT, STICK, STRANGER, Log, devices, enrolment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The image after inside/dracut; its root file system is in `folder/root`."""
    package = next((ROOT / "build").glob("usbguard-py_*_amd64.deb"))
    files = {**debs("dracut", "dracut-core", "kpartx"), "usbguard-py.deb": package, "input": enrolment()}
    script = (INSIDE / "dracut").read_text(encoding="utf-8")
    return derive(Lab().image("debian12"), tmp_path_factory.mktemp("dracut"), script, files)


def left(prepared: Image, name: str) -> str:
    return (prepared.folder / "root/root/lab" / name).read_text(encoding="utf-8")


def images(prepared: Image, when: str) -> dict[str, bool]:
    """Each initramfs of `floor check` at that moment, and whether it was closed."""
    parts = json.loads(left(prepared, f"check-{when}.json"))["parts"]
    return {p["name"]: p["closed"] for p in parts if p["name"].startswith("initramfs")}


def test_the_image_holds_the_floor_also_of_a_kernel_from_a_medium(prepared: Image) -> None:
    assert set(images(prepared, "installed").values()) == {True}
    assert images(prepared, "upgraded")["initramfs 9.9.9-lab"] is True
    assert left(prepared, "list") == enrolment()
    listed = left(prepared, "lsinitrd")
    for name in ("pre-udev/00-usbguard-py.sh", "usr/lib/usbguard-py/floor", "rules.d/10-usbguard-py.rules"):
        assert re.search(rf"{re.escape(name)}$", listed, re.MULTILINE), name


@pytest.mark.own_guest
def test_only_the_enrolled_keyboard_lives_from_power_on(prepared: Image, tmp_path: Path) -> None:
    words = f"usbcore.authorized_default=0 {RECORD}"
    with Lab().boot(prepared, cmdline=words, extra=devices(tmp_path)) as guest:
        log = Log(guest)
        for port in (STICK, STRANGER):
            assert log.at(rf"usb {port}: New USB device found")
            assert log.drivers(port) == set()
        assert log.drivers(ENROLLED) == {"usbhid"}
        assert log.at("usbguard-py-floor: closed") < log.at("new USB bus registered")
        early_unit = log.at("systemd.*Starting usbguard-py-floor.service")
        assert log.at(rf"bound device {ENROLLED}:1\.0 to driver") < early_unit
        assert guest.read("/run/usbguard-py/initramfs") == enrolment()
