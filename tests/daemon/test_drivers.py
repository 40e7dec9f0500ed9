"""When the storage drivers are asked to come and to go; that they do is shown in the lab."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.build import a_keyboard, a_stick
from usbguard_py import paths
from usbguard_py.core.connection import State
from usbguard_py.daemon.drivers import AGAIN, Drivers, wanted
from usbguard_py.daemon.flow import Bound
from usbguard_py.errors_device import MediaTrouble


class Tree:
    """The folders that are looked at; drivers as sysfs shows them."""

    def __init__(self, root: Path) -> None:
        self.drivers = root / "drivers"
        self.asked = root / "asked"

    def load(self, *names: str, used: str = "") -> None:
        for name in names:
            (self.drivers / name).mkdir(parents=True, exist_ok=True)
        if used:
            (self.drivers / names[0] / used).touch()

    def took(self) -> set[str]:
        """What was asked since the last time, as the unit takes it."""
        found = {path.name for path in self.asked.glob("*")}
        for name in found:
            (self.asked / name).unlink()
        return found


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    found = Tree(tmp_path)
    monkeypatch.setattr(paths, "USB_DRIVERS", found.drivers)
    monkeypatch.setattr(paths, "DRIVERS", found.asked)
    monkeypatch.setattr(paths, "DRIVERS_LOAD", found.asked / "load")
    monkeypatch.setattr(paths, "DRIVERS_AWAY", found.asked / "away")
    monkeypatch.setattr(paths, "DRIVERS_HIDDEN", tmp_path / "hidden.conf")
    paths.DRIVERS_HIDDEN.touch()
    return found


def connection(*, busy: bool = False, storage: bool = True, state: State = State.CLOSED) -> SimpleNamespace:
    return SimpleNamespace(busy=busy, state=state, device=a_stick() if storage else a_keyboard())


LOOKS = {
    "nothing is loaded": ((), "", [], True, set()),
    "idle": (("usb-storage", "uas"), "", [connection()], True, {"away"}),
    "only uas is left": (("uas",), "", [], True, {"away"}),
    "a drive has it": (("usb-storage",), "1-2:1.0", [], True, set()),
    "a flow is under way": (("usb-storage",), "", [connection(busy=True)], True, set()),
    "what belongs to the driver itself is no drive": (("usb-storage",), "bind", [], True, {"away"}),
    "a drive is only observed": ((), "", [connection(state=State.SEEN)], False, {"load"}),
    "a keyboard is only observed": ((), "", [connection(state=State.SEEN, storage=False)], False, set()),
    "observed, and loaded already": (("usb-storage",), "", [connection(state=State.SEEN)], False, set()),
}


@pytest.mark.parametrize("case", LOOKS)
def test_a_look(tree: Tree, case: str) -> None:
    names, used, connections, enforcing, asked = LOOKS[case]
    tree.load(*names, used=used)
    Drivers().look(connections, enforcing=enforcing)  # type: ignore[arg-type] # what is asked of a connection
    assert tree.took() == asked
    paths.DRIVERS_HIDDEN.unlink()
    Drivers().look(connections, enforcing=enforcing)  # type: ignore[arg-type] # as above
    assert tree.took() == set(), "nobody wanted them away"


def test_drivers_that_do_not_go_are_asked_again_only_after_a_while(tree: Tree) -> None:
    tree.load("usb-storage")
    looks = Drivers()
    asked = []
    for _ in range(AGAIN + 1):
        looks.look([], enforcing=True)
        asked.append(bool(tree.took()))
    assert asked == [True, *[False] * (AGAIN - 1), True]


def test_a_drive_waits_for_drivers_that_leave_and_then_asks_for_them(tree: Tree) -> None:
    tree.asked.mkdir()
    paths.DRIVERS_AWAY.touch()
    flow = wanted("1-2")
    leaving = next(flow)
    assert isinstance(leaving, Bound)
    assert not leaving.look()
    assert tree.took() == {"away"}
    assert leaving.look()
    loading = flow.send(True)
    assert isinstance(loading, Bound)
    assert not loading.look()
    tree.load("usb-storage")
    assert not loading.look(), "uas may still come"
    tree.load("uas")
    assert loading.look()
    assert tree.took() == {"load"}
    with pytest.raises(StopIteration):
        flow.send(True)


def test_a_kernel_without_uas_has_all_when_the_unit_is_through(tree: Tree) -> None:
    flow = wanted("1-2")
    next(flow)
    loading = flow.send(True)
    assert isinstance(loading, Bound)
    tree.load("usb-storage")
    assert tree.took() == {"load"}
    assert loading.look()


def test_drivers_that_do_not_come_are_an_error(tree: Tree) -> None:
    flow = wanted("1-2")
    next(flow)
    flow.send(True)
    with pytest.raises(MediaTrouble):
        flow.send(False)


def test_as_usual_nobody_waits(tree: Tree) -> None:
    paths.DRIVERS_HIDDEN.unlink()
    assert list(wanted("1-2")) == []
