"""Lists that are carried from one computer to another, with two real judges, loops and ledgers.

Only sysfs is made of plain files, and the policy observes: what would become of a device is its decision. That a drive
which is plugged in is cut by a list is shown in the lab.
"""

import itertools
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.build import a_stick, an_asset
from tests.core.test_custody import GIVEN
from tests.daemon.test_four_eyes import NOBODY, SECOND_NAME, A, B, empty
from tests.daemon.test_imports import OTHER, Desk, content
from tests.daemon.test_moves import CALLER, WHY, code
from tests.daemon.test_storms import BY, Machine, machine
from usbguard_py.cli.answers import Status as Standing
from usbguard_py.cli.answers import typed
from usbguard_py.core import taking
from usbguard_py.core.carrying import Head, Held, Receipt, list_digest
from usbguard_py.core.carrying import Machine as Computer
from usbguard_py.core.custody import MOVES, possible
from usbguard_py.core.given import Given
from usbguard_py.core.list_requests import (
    WhitelistCarried,
    WhitelistKeep,
    WhitelistReceipts,
    WhitelistTakeBegin,
    WhitelistTakeCommit,
    WhitelistTakePart,
)
from usbguard_py.core.passport import passport_of
from usbguard_py.core.requests import (
    Request,
    Status,
    WhitelistAdd,
    WhitelistApprove,
    WhitelistImportBegin,
    WhitelistLearn,
    WhitelistMove,
    WhitelistRevokeHolder,
)
from usbguard_py.core.whitelist import Asset, Custody, Fingerprint
from usbguard_py.daemon import imports, lists
from usbguard_py.errors import GuardError, ReasonNeeded, Usage
from usbguard_py.errors_life import ImportBusy, ImportDisturbed, ListChanged
from usbguard_py.errors_list import (
    DeviceRefused,
    Follower,
    KeptHere,
    NoTaker,
    NotKeeper,
    OlderList,
    OtherChanges,
    OtherDigest,
    OtherOrigin,
    OwnList,
    SameTaker,
    TwoLists,
)
from usbguard_py.policy.knobs import Policy
from usbguard_py.shell.peer import Peer
from usbguard_py.shell.store import Store
from usbguard_py.shell.verify import verify

__all__ = ["empty", "machine"]

WRITTEN = "2026-11-22T08:00:00.000+07:00"


class Keeper:
    """The computer on which a list is kept: a store of its own, changed as the judge changes it."""

    def __init__(self, path: Path) -> None:
        self.store = Store.open(path)

    def add(self, number: int, **facts: Any) -> Asset:
        return self.store.add_asset(an_asset(a_stick(b"SAMPLE-%04d" % number), **facts), BY)[0]

    def move(self, id_: str, verb: str, **facts: str) -> Asset:
        return self.store.move(id_, verb, BY, given=Given(**facts), **WHY)[0]

    def assets(self) -> tuple[Asset, ...]:
        return tuple(self.store.assets())

    def head(self, **more: Any) -> Head:
        return head(self.store, **more)

    def close(self) -> None:
        self.store.close()


def head(store: Store, assets: tuple[Asset, ...] | None = None, **more: Any) -> Head:
    """What a file of the list says that it is; with other devices, or facts, what a forged one does."""
    now = store.standing()
    every = tuple(store.assets()) if assets is None else assets
    facts = {
        "origin": now.origin,
        "number": now.number,
        "changed_at": now.date or WRITTEN,
        "written_at": WRITTEN,
        "max_age": 0,
    } | more
    found = Head(count=len(every), sha256="", **facts)
    return msgspec.structs.replace(found, sha256=list_digest(found, every))


@pytest.fixture
def keeper(tmp_path: Path, empty: Path) -> Iterator[Keeper]:
    path = tmp_path / "keeper.db"
    shutil.copy(empty, path)
    found = Keeper(path)
    yield found
    found.close()


@pytest.fixture
def desk(machine: Machine) -> Desk:
    """The computer that takes the list: it observes, so that nothing has to be opened to be judged."""
    machine.books.policy = Policy(name="observe", enforce=False)
    return Desk(machine)


class Taking:
    """Somebody takes a list, request by request."""

    def __init__(self, desk: Desk, caller: Peer = CALLER) -> None:
        self.desk, self.caller = desk, caller

    def begin(self, head: Head, changes: int, **more: Any) -> Any:
        said = {**WHY, "list_version": self.desk.machine.books.list_version()} | more
        return self.desk.ask(WhitelistTakeBegin(head=head, changes=changes, **said), self.caller)

    def stage(self, head: Head, assets: tuple[Asset, ...], changes: int, **more: Any) -> Any:
        begun = self.begin(head, changes, **more)
        if isinstance(begun, GuardError):
            return begun
        for start in range(0, len(assets), 40):
            part = WhitelistTakePart(token=begun["token"], assets=assets[start : start + 40])
            answer = self.desk.ask(part, self.caller)
            if isinstance(answer, GuardError):
                return answer
        return WhitelistTakeCommit(token=begun["token"])

    def take(self, keeper: Keeper, changes: int | None = None, accept: tuple[str, ...] = (), **more: Any) -> Any:
        """Take the list as it is kept now; how many devices change is what the preview would say."""
        return self.taken(keeper.head(), keeper.assets(), changes, accept, **more)

    def taken(
        self,
        head: Head,
        assets: tuple[Asset, ...],
        changes: int | None = None,
        accept: tuple[str, ...] = (),
        **more: Any,
    ) -> Any:
        number = self.foreseen(assets, accept) if changes is None else changes
        staged = self.stage(head, assets, number, accept=accept, **more)
        return staged if isinstance(staged, GuardError) else self.desk.ask(staged, self.caller)

    def foreseen(self, assets: tuple[Asset, ...], accept: tuple[str, ...]) -> int:
        store = self.desk.machine.books.store
        assert store
        steps = [taking.step(store.asset(a.id), a, local=store.is_local(a.id), accepted=a.id in accept) for a in assets]
        return sum(step.changes for step in steps)

    def move(self, id_: str, verb: str, **facts: str) -> Any:
        return self.desk.ask(WhitelistMove(verb=verb, id=id_, facts=Given(**facts), **WHY), self.caller)


@pytest.fixture
def taking_(desk: Desk) -> Taking:
    return Taking(desk)


def here(desk: Desk) -> tuple[Asset, ...]:
    assert desk.machine.books.store
    return tuple(desk.machine.books.store.assets())


def filled(keeper: Keeper, count: int = 5) -> None:
    for number in range(1, count + 1):
        keeper.add(number, holder=f"Nguyen Van {number}")


def test_an_empty_computer_gets_the_identical_list(keeper: Keeper, desk: Desk, taking_: Taking) -> None:
    filled(keeper, 60)
    keeper.move("TB-0002", "lost")
    keeper.move("TB-0003", "revoke")
    keeper.move("TB-0004", "inspect", inspected_on="2026-01-02", inspected_until="2027-01-02")
    keeper.store.add_fingerprint("TB-0005", Fingerprint("unlocked", passport_of(a_stick(b"OTHER-5"), (0,))), "x", BY)
    answer = taking_.take(keeper)
    assert (answer["count"], answer["changes"], answer["number"]) == (60, 60, keeper.store.list_version())
    assert here(desk) == keeper.assets()
    status = desk.ask(Status())["list"]
    assert (status["kept"], status["origin"]["id"]) == (False, keeper.store.machine().id)
    assert (status["number"], status["local"], status["sha256"]) == (answer["number"], 0, keeper.head().sha256)
    verify(desk.machine.books.path, thorough=True)
    entry = next(e for e in desk.machine.entries() if e["seq"] == answer["seq"])
    assert (entry["kind"], entry["number"], entry["sha256"]) == ("list-take", answer["number"], keeper.head().sha256)
    assert (entry["by"]["login"], entry["reason"], entry["document"]) == ("quanly", *WHY.values())


def test_taking_a_list_twice_changes_nothing(keeper: Keeper, desk: Desk, taking_: Taking) -> None:
    filled(keeper)
    taking_.take(keeper)
    before, seq = here(desk), desk.machine.entries()[-1]["seq"]
    assert taking_.take(keeper)["changes"] == 0
    assert here(desk) == before
    assert [e["kind"] for e in desk.machine.entries() if e["seq"] > seq] == ["list-take"]


def test_a_newer_list_changes_what_is_connected_and_says_old_and_new(
    keeper: Keeper, desk: Desk, taking_: Taking
) -> None:
    desk.machine.plug(serial="SAMPLE-0007")
    device = msgspec.structs.replace(desk.machine.host.connections["1-2"].device, serial=b"SAMPLE-0007")
    keeper.store.add_asset(an_asset(device), BY)
    taking_.take(keeper)
    assert code(desk.machine) == "ALLOWED"
    keeper.move("TB-0001", "transfer", holder="Tran Thi Mau")
    keeper.move("TB-0001", "revoke")
    answer = taking_.take(keeper)
    assert code(desk.machine) == "REVOKED"
    (entry,) = [e for e in desk.machine.entries() if e["kind"] == "list-carried" and e.get("of") == answer["seq"]]
    assert (entry["from"], entry["to"], entry["number"]) == ("in-use", "revoked", 3)
    assert entry["changed"]["holder"] == {"old": "Nguyen Van Mau", "new": "Tran Thi Mau"}
    assert (entry["reason"], entry["by"]["login"], entry["local"]) == (WHY["reason"], "quanly", False)
    verify(desk.machine.books.path)


REFUSED: dict[str, tuple[dict[str, Any], type[GuardError], str]] = {
    "another number": ({"id": "TB-0009"}, DeviceRefused, "id"),
    "another device": ({"electronic_serial": b"X".hex()}, DeviceRefused, ""),
    "another right": ({"access": "ro"}, DeviceRefused, "id"),
    "not composed": ({"holder": "Nguye\u0302n"}, DeviceRefused, "holder"),
    "cannot be seen": ({"unit": "a\u202eb"}, DeviceRefused, "unit"),
    "no day": ({"expires_on": "2026-02-30"}, DeviceRefused, "expires_on"),
    "a state of no move": ({"state": Custody.EXPIRED}, DeviceRefused, "state"),
    "a fact that is none": ({"login_tool": False}, DeviceRefused, "login_tool"),
    "an odd time": ({"changed_at": "x\u202ey"}, DeviceRefused, ""),
    "fewer faces": ({"fingerprints": ()}, DeviceRefused, "fingerprints"),
}


def test_a_device_that_cannot_be_taken_leaves_all_as_it_was(keeper: Keeper, desk: Desk, taking_: Taking) -> None:
    filled(keeper)
    taking_.take(keeper)
    keeper.move("TB-0003", "suspend")
    before = content(desk.machine)
    for name, (facts, error, column) in REFUSED.items():
        forged = tuple(msgspec.structs.replace(a, **facts) if a.id == "TB-0003" else a for a in keeper.assets())
        answer = taking_.taken(head(keeper.store, forged), forged, changes=1)
        assert type(answer) is error, (name, answer)
        assert str(answer.facts["column"]).startswith(column), name
        assert content(desk.machine) == before, name


def test_a_list_that_may_not_be_taken(keeper: Keeper, desk: Desk, taking_: Taking) -> None:
    """An older one, another of its number, our own, one that was edited, fewer devices than are here."""
    filled(keeper)
    older, devices = keeper.head(), keeper.assets()
    keeper.move("TB-0001", "suspend")
    taking_.take(keeper)
    now, held = keeper.assets(), content(desk.machine)
    forged = (msgspec.structs.replace(now[0], state=Custody.IN_USE), *now[1:])
    own = desk.ask(Status())["list"]
    assert not own["kept"]
    assert desk.machine.books.store
    ours = Head(desk.machine.books.store.machine(), 99, 5, WRITTEN, WRITTEN, 0, "ab" * 32)
    more = msgspec.structs.replace(keeper.head(), number=99)
    attempts: tuple[tuple[type[GuardError], Head, tuple[Asset, ...], int], ...] = (
        (OlderList, older, devices, 1),
        (TwoLists, head(keeper.store, forged), forged, 1),
        (OwnList, ours, now, 0),
        (OtherDigest, more, now, 0),
        (DeviceRefused, head(keeper.store, now[:4], number=99), now[:4], 0),
        (Usage, msgspec.structs.replace(more, sha256="x"), now, 0),
        (Usage, msgspec.structs.replace(more, changed_at="2026-02-30T00:00:00+07:00"), now, 0),
        (Usage, msgspec.structs.replace(more, origin=Computer("ab" * 16, "a\u202eb")), now, 0),
    )
    for error, head_, assets, changes in attempts:
        answer = taking_.taken(head_, assets, changes)
        assert type(answer) is error, (error, answer)
        assert content(desk.machine) == held
    keeper.move("TB-0002", "suspend")
    assert isinstance(taking_.take(keeper, changes=2), OtherChanges)
    assert isinstance(taking_.begin(keeper.head(), 1, list_version=1), ListChanged)
    assert isinstance(taking_.begin(keeper.head(), 1, reason=" "), ReasonNeeded)
    assert content(desk.machine) == held
    assert not desk.machine.faults


def test_a_list_of_another_computer_needs_to_be_said(keeper: Keeper, desk: Desk, taking_: Taking) -> None:
    """And an older one of the first is refused for ever, also on the way back."""
    filled(keeper, 2)
    older, devices = keeper.head(), keeper.assets()
    keeper.move("TB-0001", "revoke")
    taking_.take(keeper)
    second = keeper.head(origin=Computer("cd" * 16, "may-hai"))
    assert isinstance(taking_.taken(second, keeper.assets()), OtherOrigin)
    assert taking_.taken(second, keeper.assets(), new_origin=True)["changes"] == 0
    assert desk.ask(Status())["list"]["origin"]["name"] == "may-hai"
    assert [e["detail"] for e in desk.machine.entries() if e["kind"] == "alarm"] == [
        "the list is kept on another computer from now on"
    ]
    assert isinstance(taking_.take(keeper), OtherOrigin)
    assert isinstance(taking_.taken(older, devices, 1, new_origin=True), OlderList)
    assert taking_.take(keeper, new_origin=True)["changes"] == 0


def test_a_computer_with_devices_of_its_own(keeper: Keeper, desk: Desk, taking_: Taking) -> None:
    """Nothing of them goes away unseen: it is refused, also when somebody says that the list comes from elsewhere."""
    filled(keeper, 2)
    assert desk.machine.books.store
    desk.machine.books.store.add_asset(an_asset(a_stick(b"OWN-0001")), BY)
    assert isinstance(taking_.take(keeper, 2), OtherOrigin)
    answer = taking_.take(keeper, 2, new_origin=True)
    assert (answer.facts["column"], answer.facts["detail"]) == ("id", "TB-0001 is another device here")


def test_a_follower_only_ever_closes(keeper: Keeper, desk: Desk, taking_: Taking) -> None:
    for number, verb in enumerate(sorted(MOVES), 1):
        state = next(iter(MOVES[verb].leads))
        keeper.add(number, state=state, holder="" if verb in {"assign", "destroy"} else "Nguyen Van Mau")
    taking_.take(keeper)
    for number, verb in enumerate(sorted(MOVES), 1):
        answer = taking_.move(f"TB-{number:04d}", verb, **msgspec.to_builtins(GIVEN.get(verb, Given())))
        if verb in {"suspend", "lost", "damaged", "revoke"}:
            assert isinstance(answer, dict), (verb, answer)
        else:
            assert isinstance(answer, Follower), (verb, answer)
    face = passport_of(a_stick(b"NEW-1"), (0,))
    refused: tuple[Request, ...] = (
        WhitelistAdd(holder="x", document="y", passport=face),
        WhitelistLearn(id="TB-0001", device="1-2", face="x", document="y"),
        WhitelistApprove(proposal=1, **WHY),
        WhitelistImportBegin(sha256="ab" * 32, list_version=0, rows=1, new=1, **WHY),
        WhitelistCarried(head=keeper.head()),
    )
    for request in refused:
        assert isinstance(desk.ask(request), Follower | NotKeeper), request
    assert desk.ask(WhitelistRevokeHolder(holder="Nguyen Van Mau", **WHY))["revoked"]


def test_what_was_closed_here_stays_closed_until_the_list_says_so(keeper: Keeper, desk: Desk, taking_: Taking) -> None:
    filled(keeper)
    taking_.take(keeper)
    taking_.move("TB-0001", "lost")
    taking_.move("TB-0002", "suspend")
    assert desk.ask(Status())["list"]["local"] == 2
    keeper.move("TB-0001", "transfer", holder="Tran Thi Mau")  # the list does not know that it is lost
    answer = taking_.take(keeper)
    first, second = here(desk)[:2]
    assert (answer["held"], answer["changes"]) == (["TB-0001", "TB-0002"], 1)
    assert (first.state, first.holder, first.back_to) == (Custody.LOST, "Tran Thi Mau", Custody.SUSPENDED)
    assert second.state is Custody.SUSPENDED
    assert taking_.take(keeper)["changes"] == 0, "again, with the same end"
    assert desk.ask(Status())["list"]["local"] == 2
    assert desk.machine.books.store
    source = desk.machine.books.store.source()
    assert source.held[0] == Held("TB-0001", "lost", *WHY.values())  # type: ignore[union-attr] # it was taken
    keeper.move("TB-0001", "lost")
    keeper.move("TB-0001", "found")
    keeper.move("TB-0002", "suspend")
    answer = taking_.take(keeper, accept=("TB-0001",))
    assert answer["held"] == []
    assert here(desk) == keeper.assets()
    keeper.move("TB-0002", "resume")
    taking_.take(keeper)
    assert here(desk) == keeper.assets(), "what the list closed, the list opens"
    verify(desk.machine.books.path)


STATES = sorted(set(taking.STRICTNESS) - {Custody.EXPIRED})


def test_the_stricter_of_two_states() -> None:
    def built(state: Custody) -> Asset:
        back = Custody.REVOKED if state is Custody.LOST else msgspec.UNSET
        return an_asset(a_stick(), state=state, back_to=back)

    for here_, there in itertools.product(STATES, STATES):
        merged = taking.stricter(built(here_), built(there))
        assert taking.STRICTNESS[merged.state] == max(taking.STRICTNESS[here_], taking.STRICTNESS[there])
        assert merged.back_to == (Custody.REVOKED if merged.state is Custody.LOST else msgspec.UNSET)
        assert taking.stricter(merged, built(there)) == merged, "again, with the same end"


def test_the_earlier_day_and_nobody_stay_of_what_is_in_use() -> None:
    here_ = an_asset(a_stick(), expires_on="2026-12-01", inspected_on="2026-01-01", inspected_until="2027-06-01")
    there = an_asset(a_stick(), expires_on="2027-12-01", inspected_on="2026-02-01", inspected_until="2027-01-01")
    one = taking.step(here_, there, local=True)
    assert (one.after.expires_on, one.after.inspected_until, one.held) == ("2026-12-01", "2027-01-01", ("expires_on",))
    nobody = msgspec.structs.replace(here_, holder="")
    assert taking.step(nobody, there, local=True).after.holder == ""
    assert taking.step(nobody, there, local=True, accepted=True).after == there
    assert taking.step(nobody, there, local=False).after == there


def test_the_list_is_kept_here_again(keeper: Keeper, desk: Desk, taking_: Taking) -> None:
    filled(keeper, 2)
    request = WhitelistKeep(**WHY)
    assert isinstance(desk.ask(request), KeptHere)
    taking_.take(keeper)
    assert desk.ask(request)["number"] == 3
    status = desk.ask(Status())["list"]
    assert (status["kept"], status["number"]) == (True, 3)
    assert isinstance(taking_.move("TB-0001", "transfer", holder="Tran Thi Mau"), dict)
    assert desk.ask(Status())["list"]["number"] == 4
    assert desk.machine.books.store
    ours = head(desk.machine.books.store)
    assert ours.number == 4
    assert "seq" in desk.ask(WhitelistCarried(head=ours))
    for wrong in ({"number": 5}, {"count": 1}, {"sha256": "x"}, {"origin": keeper.head().origin}):
        assert isinstance(desk.ask(WhitelistCarried(head=msgspec.structs.replace(ours, **wrong))), Usage)  # type: ignore[arg-type] # one at a time
    assert [e["kind"] for e in desk.machine.entries()][-4:] == ["list-keep", "alarm", "list-state", "list-carry"]
    assert isinstance(taking_.take(keeper), OtherOrigin)
    verify(desk.machine.books.path)


def test_receipts_say_which_computer_took_which_list(machine: Machine, desk: Desk) -> None:
    store = machine.books.store
    assert store
    for number in (1, 2, 3):
        store.add_asset(an_asset(a_stick(b"SAMPLE-%04d" % number)), BY)
    own = store.machine()

    def receipt(name: str, number: int, **more: Any) -> Receipt:
        facts = {"origin": own.id, "sha256": "ab" * 32, "taken_at": WRITTEN} | more
        return Receipt(machine=Computer(name * 32, f"may-{name}"), number=number, **facts)

    lost = Held("TB-0002", "lost", "tại phòng", "MAU-1")
    good = (receipt("a", 2), receipt("b", 3, held=(lost,)))
    assert desk.ask(WhitelistReceipts(receipts=good))["recorded"] == ["may-a", "may-b"]
    assert store.receipts() == good
    assert desk.ask(Status())["reminders"]["machines_behind"] == 1
    older, foreign, beyond = receipt("a", 1), receipt("c", 1, origin="ef" * 16), receipt("c", 4)
    mine = Receipt(own, own.id, 1, "ab" * 32, WRITTEN)
    assert desk.ask(WhitelistReceipts(receipts=(*good, older, foreign, beyond, mine)))["recorded"] == []
    newer = receipt("a", 3, taken_at="2026-11-23T08:00:00.000+07:00")
    assert desk.ask(WhitelistReceipts(receipts=(newer,)))["recorded"] == ["may-a"]
    assert "machines_behind" not in desk.ask(Status())["reminders"]
    for odd in (receipt("x", 1), receipt("a", 0), receipt("a", 1, taken_at="x"), receipt("a", 1, sha256="x")):
        assert isinstance(desk.ask(WhitelistReceipts(receipts=(odd,))), Usage)
    verify(machine.books.path)


def test_while_the_list_cannot_be_used_nobody_says_which_it_is(desk: Desk) -> None:
    desk.machine.books.fail_safe = "damaged"
    status = desk.ask(Status())
    assert status["list"] is None
    assert typed(status, Standing).list is None, "and the command takes it so"


def test_a_list_that_is_too_old_is_reminded_of(keeper: Keeper, desk: Desk, taking_: Taking) -> None:
    filled(keeper, 1)
    assert lists.reminders(desk.machine.books) == {}
    long_ago = "2020-01-01T08:00:00.000+07:00"
    assert taking_.taken(keeper.head(written_at=long_ago, max_age=30), keeper.assets())["changes"] == 1
    assert desk.ask(Status())["reminders"]["list_old"] > 2000
    taking_.taken(keeper.head(written_at=desk.machine.entries()[-1]["at"], max_age=30), keeper.assets())
    assert "list_old" not in desk.ask(Status())["reminders"], "the same list in a later file is the newest again"
    taking_.taken(keeper.head(written_at=long_ago, max_age=30), keeper.assets())
    assert "list_old" not in desk.ask(Status())["reminders"], "and an earlier file does not make it older"


def test_where_two_persons_are_asked_for_two_have_to_take_what_opens_more(
    keeper: Keeper, desk: Desk, taking_: Taking
) -> None:
    desk.machine.books.policy = Policy(name="observe", enforce=False, four_eyes=7)
    filled(keeper, 2)
    first, same, other, nobody = (Taking(desk, who) for who in (A, SECOND_NAME, B, NOBODY))
    assert isinstance(nobody.take(keeper), NoTaker)
    waits = first.take(keeper)
    assert waits["until"] > desk.machine.books.date()
    assert here(desk) == ()
    assert isinstance(first.take(keeper), SameTaker)
    assert isinstance(same.take(keeper), SameTaker)
    assert other.take(keeper)["changes"] == 2
    keeper.move("TB-0001", "revoke")
    assert first.take(keeper)["changes"] == 1, "what closes needs nobody else"
    forged = (msgspec.structs.replace(keeper.assets()[0], state=Custody.IN_USE), keeper.assets()[1])
    assert first.taken(head(keeper.store, forged, number=99), forged)["until"]
    assert other.take(keeper)["changes"] == 0
    assert here(desk) == keeper.assets(), "another list than the one that the first person asked for"
    taking_.move("TB-0002", "suspend")
    assert first.take(keeper, accept=("TB-0002",))["until"]
    assert "until" not in other.take(keeper)
    assert other.take(keeper, accept=("TB-0002",))["changes"] == 1
    verify(desk.machine.books.path)


def test_a_decision_in_between_comes_first_and_one_at_a_time(
    keeper: Keeper, desk: Desk, taking_: Taking, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(keeper, 30)
    monkeypatch.setattr(imports, "SLICE", 0.0)
    commit = taking_.stage(keeper.head(), keeper.assets(), 30)
    assert isinstance(desk.begin(1, 1, OTHER), ImportBusy)
    assert isinstance(Taking(desk, OTHER).begin(keeper.head(), 30), ImportBusy)
    said = desk.start(commit, CALLER)
    desk.machine.books.append("alarm", {"name": "x"})
    desk.machine.settle()
    assert said[0]["changes"] == 30
    keeper.move("TB-0001", "suspend")
    said = desk.start(taking_.stage(keeper.head(), keeper.assets(), 1), CALLER)
    for number in range(imports.TRIES):
        assert not said
        desk.machine.books.append("alarm", {"name": str(number)})
        desk.machine.loop._wait(-1, time.monotonic())
    assert isinstance(said[0], ImportDisturbed)
    assert here(desk)[0].state is Custody.IN_USE


def test_a_judge_that_is_killed_meanwhile_has_taken_nothing(
    keeper: Keeper, desk: Desk, taking_: Taking, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The files as they lie at any moment of the transaction are those of a machine that lost its power."""
    filled(keeper, 20)
    monkeypatch.setattr(imports, "SLICE", 0.0)
    said = desk.start(taking_.stage(keeper.head(), keeper.assets(), 20), CALLER)
    for moment in range(30):
        desk.machine.loop._wait(-1, time.monotonic())
        if moment % 10 == 0 and not said:
            folder = tmp_path / str(moment)
            shutil.copytree(desk.machine.books.path.parent, folder)
            left = Store.open(folder / desk.machine.books.path.name)
            assert (left.count_assets(), left.source()) == (0, None)
            left.close()
            verify(folder / desk.machine.books.path.name)
    assert (tmp_path / "20").exists(), "it was still under way"
    desk.machine.settle()
    assert said[0]["changes"] == 20


KEPT = st.sampled_from([verb for verb in MOVES if verb not in {"inspect", "correct"}])
CLOSES = st.sampled_from(sorted(taking.MAY_LOCALLY))
STEPS = st.lists(
    st.tuples(st.just("keeper"), KEPT) | st.tuples(st.just("here"), CLOSES) | st.just(("take", "")), max_size=12
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_no_sequence_opens_what_the_list_or_this_computer_closed(
    keeper: Keeper, desk: Desk, taking_: Taking, steps: list[tuple[str, str]]
) -> None:
    """A device is open here only when the list that was taken last says so and nobody closed it here since."""
    id_ = keeper.add(len(keeper.assets()) + 1).id
    assert isinstance(taking_.take(keeper), dict)
    listed, closed = Custody.IN_USE, False
    for number, (who, verb) in enumerate(steps):
        if who == "keeper" and verb in possible(keeper.assets()[-1]):
            keeper.move(id_, verb, **({"holder": f"Tran Thi Mau {number}"} if MOVES[verb].must else {}))
        elif who == "here" and isinstance(taking_.move(id_, verb), dict):
            closed = True
        elif who == "take":
            held = set(taking_.take(keeper)["held"])
            listed = keeper.assets()[-1].state
            closed = closed and id_ in held
        state = here(desk)[-1].state
        assert taking.STRICTNESS[state] >= taking.STRICTNESS[listed]
        assert not (closed and state is Custody.IN_USE)
    taking_.take(keeper, accept=(id_,))
    assert here(desk) == keeper.assets()
    assert not desk.machine.faults
