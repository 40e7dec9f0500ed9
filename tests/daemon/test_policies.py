"""Policies put in force, on trial and back, on a real database; the kernel and the hands are stood in for."""

import hashlib
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from usbguard_py import paths
from usbguard_py.core.requests import PolicyConfirm, PolicyUse
from usbguard_py.daemon import policies, startup
from usbguard_py.daemon.books import Books
from usbguard_py.errors import DatabaseTrouble, GuardError, Usage
from usbguard_py.errors_trial import NoTrial, TrialRunning
from usbguard_py.shell import floor, trial
from usbguard_py.shell.hands_messages import FloorDone
from usbguard_py.shell.peer import Peer
from usbguard_py.shell.reader import Query, Reader

CALLER = Peer(uid=0, pid=1, user="root", login="mau", role="administrator")
STRICT = 'name = "standalone"\nenforce = true\n'
LOOSE = 'name = "observe"\nenforce = false\n'
MINUTE = 60


class Machine:
    """A judge with real books; ``told`` is what was asked of the kernel and of the floor."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(paths, "FLOOR_MODE", folder / "floor/mode")
        patch.setattr(paths, "RUN", folder / "run")
        patch.setattr(paths, "TRIAL", folder / "run/trial")
        patch.setattr(paths, "FLOOR_INPUT", folder / "floor/input")
        patch.setattr(paths, "POLICIES", folder / "policies")
        self.told: list[str] = []
        self.now = ("start", 1000)
        patch.setattr(trial, "now", lambda: self.now)
        patch.setattr(floor, "close", lambda: self.tell("kernel closed"))
        patch.setattr(startup.nodes, "clear", lambda: None)
        patch.setattr(startup, "Hands", lambda: SimpleNamespace(floor=lambda word: self.tell(f"floor {word}")))
        self.books = self.opened(folder)
        hands = SimpleNamespace(begin_floor=lambda word: self.tell(f"floor {word}"))
        self.host: Any = SimpleNamespace(books=self.books, connections={}, hands=hands, unclosed=())
        self.host.enrolled = lambda _peripherals: None
        self.judge: Any = SimpleNamespace(
            host=self.host, switching=False, judge_again=lambda: self.told.append("again")
        )
        self.judge.loop = SimpleNamespace(runner=SimpleNamespace(start=self.run))

    def opened(self, folder: Path) -> Books:
        books = Books(folder / "usbguard-py.db")
        assert books.open(enforce_expected=floor.mode() == "enforce")
        return books

    def tell(self, what: str) -> tuple[str, ...]:
        self.told.append(what)
        return ()

    def run(self, flow: Generator[Any, Any, Any]) -> Any:
        try:
            next(flow)
            while True:
                flow.send(FloorDone(0))
        except StopIteration as end:
            return end.value

    def use(self, text: str = STRICT, within: int = 0) -> Any:
        self.told.clear()
        answer = self.run(policies.use(self.judge, PolicyUse(text=text, confirm_within=within), CALLER))
        if self.books.trial is not None:  # by the clock of the test, not by that of the entry
            self.books.trial = type(self.books.trial)(answer["seq"], *self.until(within), self.books.trial.before)
        return answer

    def until(self, within: int) -> tuple[str, int]:
        return self.now[0], self.now[1] + within * 1000

    def look(self) -> None:
        policies.Trials(self.judge).look()

    def kinds(self) -> list[tuple[str, Any]]:
        with Reader(self.books.path) as reader:
            return [(r.body["kind"], r.body.get("policy")) for r in reader.log(Query())][1:]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_a_policy_stays_and_is_written_down(machine: Machine) -> None:
    assert "trial" not in machine.use()
    assert (floor.lasting(), paths.TRIAL.exists(), machine.books.trial) == ("enforce", False, None)
    assert machine.told == ["kernel closed", "floor close", "again"]
    machine.use(LOOSE)
    assert floor.lasting() == "observe"
    assert machine.told == ["floor return", "again"]


def test_one_on_trial_is_in_force_and_not_written_down(machine: Machine) -> None:
    answer = machine.use(within=MINUTE)
    assert answer["trial"]["back_to"] == "observe"
    assert (floor.mode(), floor.lasting(), machine.books.policy.enforce) == ("enforce", "observe", True)
    assert machine.told == ["kernel closed", "floor close", "again"]
    machine.now = ("start", 1000 + MINUTE * 1000 - 1)
    machine.look()
    assert machine.books.trial is not None


ENDS = {"its time": ("start", 1000 + MINUTE * 1000), "another start": ("other", 0)}


@pytest.mark.parametrize("now", ENDS.values(), ids=ENDS.keys())
def test_without_a_confirmation_the_one_before_comes_back(machine: Machine, now: tuple[str, int]) -> None:
    seq = machine.use(within=MINUTE)["seq"]
    machine.now = now
    machine.told.clear()
    machine.look()
    assert machine.told == ["floor return", "again"]
    assert (machine.books.policy.name, machine.books.trial, paths.TRIAL.exists()) == ("observe", None, False)
    assert machine.kinds() == [("policy-use", "standalone"), ("policy-use", "observe"), ("alarm", None)]
    with Reader(machine.books.path) as reader:
        assert [r.body["lapsed"] for r in reader.log(Query()) if "lapsed" in r.body] == [seq]
    machine.look()
    assert len(machine.kinds()) == 3


def test_a_stricter_one_comes_back_to_the_one_before(machine: Machine) -> None:
    """Between two policies that block nothing opens, and the next start of the machine blocks all the time."""
    machine.use()
    machine.use(STRICT + "hubs = false\n", within=MINUTE)
    assert (floor.lasting(), paths.TRIAL.exists(), machine.books.policy.hubs) == ("enforce", False, False)
    machine.now = ("other", 0)
    machine.told.clear()
    machine.look()
    assert machine.told == ["kernel closed", "floor close", "again"]
    assert machine.books.policy.hubs
    assert floor.lasting() == "enforce"


def test_confirmed(machine: Machine) -> None:
    with pytest.raises(NoTrial):
        policies.confirm(machine.judge, PolicyConfirm(), CALLER)
    seq = machine.use(within=MINUTE)["seq"]
    assert policies.confirm(machine.judge, PolicyConfirm(), CALLER) == {"name": "standalone", "seq": seq + 1}
    assert (floor.lasting(), paths.TRIAL.exists()) == ("enforce", False)
    machine.now = ("other", 0)
    machine.look()
    assert machine.kinds() == [("policy-use", "standalone"), ("policy-confirm", "standalone")]
    with pytest.raises(NoTrial):
        policies.confirm(machine.judge, PolicyConfirm(), CALLER)


def test_too_late_to_confirm(machine: Machine) -> None:
    """Between the end of its time and the next look."""
    machine.use(within=MINUTE)
    machine.now = ("start", 1000 + MINUTE * 1000)
    with pytest.raises(NoTrial):
        policies.confirm(machine.judge, PolicyConfirm(), CALLER)


def test_one_at_a_time(machine: Machine) -> None:
    machine.use(within=MINUTE)
    with pytest.raises(TrialRunning):
        machine.use(within=MINUTE)
    machine.use(LOOSE)
    assert (machine.books.trial, paths.TRIAL.exists(), floor.mode()) == (None, False, "observe")


WRONG = {"too short": (STRICT, 9), "too long": (STRICT, 86_401), "negative": (STRICT, -1), "observes": (LOOSE, 60)}


@pytest.mark.parametrize(("text", "within"), WRONG.values(), ids=WRONG.keys())
def test_what_is_no_trial(machine: Machine, text: str, within: int) -> None:
    with pytest.raises(Usage):
        machine.use(text, within)
    assert machine.kinds() == []


def test_the_judge_starts_anew_while_it_goes_on(machine: Machine, tmp_path: Path) -> None:
    machine.use(within=MINUTE)
    machine.told.clear()
    machine.now = trial_time(machine)
    assert startup.take_the_world(machine.books) == ()
    assert (machine.told, floor.lasting(), floor.mode()) == (["kernel closed"], "observe", "enforce")
    assert machine.books.policy.enforce


def trial_time(machine: Machine) -> tuple[str, int]:
    """A moment within the trial as the ledger has it: the entry has the real clock."""
    assert machine.books.store is not None
    found = machine.books.store.trial()
    assert found is not None
    return found.boot, found.until_ms - 1


@pytest.mark.parametrize("ended", [True, False], ids=["the floor has ended it", "the file is still there"])
def test_the_judge_starts_anew_when_it_is_over(machine: Machine, ended: bool) -> None:
    machine.use(within=MINUTE)
    if ended:
        paths.TRIAL.unlink()
    machine.told.clear()
    machine.now = ("another start", 0)
    assert startup.take_the_world(machine.books) == ()
    assert machine.told == ([] if ended else ["floor return"])
    assert (machine.books.policy.name, paths.TRIAL.exists(), floor.mode()) == ("observe", False, "observe")
    assert machine.kinds()[-1] == ("policy-use", "observe")


def test_a_full_disk_does_not_keep_the_machine_closed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be recorded is kept, and the machine goes back all the same; the next start says so again."""
    machine.use(within=MINUTE)
    machine.now = ("other", 0)
    machine.told.clear()

    def full(*_words: object, **_more: object) -> None:
        raise DatabaseTrouble(detail="full", path="x")

    store: Any = machine.books.store
    with monkeypatch.context() as patch:
        patch.setattr(store, "use_policy", full)
        machine.look()
    assert machine.told == ["floor return", "again"]
    assert not machine.books.policy.enforce
    assert floor.mode() == "observe"
    assert machine.books.open(enforce_expected=False)
    assert machine.books.policy.enforce, "as it was recorded last"
    machine.look()
    assert not machine.books.policy.enforce
    assert machine.kinds()[-2:] == [("policy-use", "observe"), ("alarm", None)]


def test_what_comes_back_is_the_text_that_was_there(machine: Machine) -> None:
    own = 'name = "rieng"\nenforce = false\nmice = 2\n'
    machine.use(own)
    machine.use(within=MINUTE)
    machine.now = ("other", 0)
    machine.look()
    assert (machine.books.policy.name, machine.books.policy.mice) == ("rieng", 2)
    assert machine.books.policy_digest == hashlib.sha256(own.encode()).hexdigest()


def test_a_file_that_cannot_be_written_is_said(machine: Machine) -> None:
    paths.RUN.mkdir(parents=True)
    paths.TRIAL.with_suffix(".new").mkdir()
    machine.use(within=MINUTE)
    assert [kind for kind, _ in machine.kinds()] == ["policy-use", "alarm"]
    assert machine.books.trial is not None, "the judge ends it all the same"


def test_errors_are_of_one_root() -> None:
    assert issubclass(NoTrial, GuardError)
    assert issubclass(TrialRunning, GuardError)
