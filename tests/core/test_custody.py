"""The life of an approved device: the table of moves, and that no way of using it leads where it does not."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.build import a_stick, an_asset
from usbguard_py.core.custody import MOVES, changed, moved, possible
from usbguard_py.core.dates import is_day, passed
from usbguard_py.core.given import FACTS, Given
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.errors import BadInput, GuardError, Usage
from usbguard_py.errors_life import MoveForbidden, MoveNotYet

TODAY = "2026-11-21"
WHY = {"reason": "het nhiem vu", "document": "MAU-02/2026"}
INSPECTION = Given(inspected_on=TODAY, inspected_until="2099-05-21")
TO = Given(holder="Tran Thi Mau")

# What the table has to say, written a second time by hand: verb, where it starts, where it leads.
EXPECTED = {
    "approve": {"pending": "in-use"},
    "inspect": {s: s for s in ("pending", "in-use", "suspended", "expired")},
    "assign": {s: s for s in ("pending", "in-use", "suspended", "expired")},
    "transfer": {s: s for s in ("pending", "in-use", "suspended", "expired")},
    "suspend": dict.fromkeys(("in-use", "expired"), "suspended"),
    "resume": {"suspended": "in-use"},
    "lost": dict.fromkeys(("pending", "in-use", "suspended", "expired", "damaged", "revoked"), "lost"),
    "found": {"lost": "suspended"},
    "damaged": dict.fromkeys(("pending", "in-use", "suspended", "expired"), "damaged"),
    "return": {s: s for s in ("pending", "in-use", "suspended", "expired", "damaged", "revoked")},
    "revoke": {**dict.fromkeys(("pending", "in-use", "suspended", "expired", "damaged"), "revoked"), "lost": "lost"},
    "destroy": dict.fromkeys(("revoked", "damaged"), "destroyed"),
    "correct": {s: s for s in ("pending", "in-use", "suspended", "expired", "lost", "damaged", "revoked")},
}
GIVEN = {"inspect": INSPECTION, "assign": TO, "transfer": TO, "correct": Given(label="Sample 2")}
WITHOUT_HOLDER = {"assign", "destroy"}


def an(state: str, **more: Any) -> Asset:
    return an_asset(a_stick(), Custody(state), **more)


def move(asset: Asset, verb: str, what: Given | None = None) -> Asset:
    return moved(asset, verb, what or GIVEN.get(verb, Given()), TODAY, **WHY)


def test_the_table() -> None:
    said = {verb: {str(a): str(b) for a, b in row.leads.items()} for verb, row in MOVES.items()}
    assert said == EXPECTED
    for row in MOVES.values():
        assert row.must <= row.may <= set(FACTS)


@pytest.mark.parametrize("state", [str(s) for s in Custody])
@pytest.mark.parametrize("verb", EXPECTED)
def test_every_move_from_every_state(verb: str, state: str) -> None:
    asset = an(state, holder="" if verb in WITHOUT_HOLDER else "Nguyen Van Mau")
    if state not in EXPECTED[verb]:
        with pytest.raises(MoveForbidden) as refused:
            move(asset, verb)
        assert refused.value.facts["moves"] == (", ".join(possible(asset)) or "–")
        assert verb not in possible(asset)
        return
    later = move(asset, verb)
    assert str(later.state) == EXPECTED[verb][state]
    assert later.reason == (WHY["reason"] if later.state is not asset.state else "")
    assert verb in possible(asset)


NOT_YET = {
    "assign what somebody holds": (an("in-use"), "assign", TO),
    "transfer what nobody holds": (an("in-use", holder=""), "transfer", TO),
    "destroy what was not returned": (an("revoked"), "destroy", Given()),
    "resume before the inspection": (an("suspended", inspect_first=True), "resume", Given()),
    "approve before the inspection": (an("pending", inspect_first=True), "approve", Given()),
    "return what nobody holds": (an("revoked", holder=""), "return", Given()),
    "revoke what is lost a second time": (an("lost", back_to=Custody.REVOKED), "revoke", Given()),
    "correct the holder of what nobody holds": (an("in-use", holder=""), "correct", TO),
    "approve for another than who holds it": (an("pending"), "approve", TO),
}


@pytest.mark.parametrize(("asset", "verb", "what"), NOT_YET.values(), ids=NOT_YET.keys())
def test_what_has_to_come_first_is_said(asset: Asset, verb: str, what: Given) -> None:
    with pytest.raises(MoveNotYet) as refused:
        move(asset, verb, what)
    assert verb not in str(refused.value.facts["moves"]).split(", ")


BAD: dict[str, tuple[str, str, Given, type[GuardError]]] = {
    "an unknown verb": ("in-use", "burn", Given(), Usage),
    "a fact of another move": ("in-use", "suspend", TO, Usage),
    "no holder": ("in-use", "transfer", Given(), Usage),
    "an empty holder": ("in-use", "transfer", Given(holder="  "), BadInput),
    "the holder that it has": ("in-use", "transfer", Given(holder="Nguyen Van  Mau "), Usage),
    "no day": ("suspended", "resume", Given(expires_on="21/11/2026"), BadInput),
    "a day that no calendar has": ("suspended", "resume", Given(expires_on="2026-02-29"), BadInput),
    "an inspection of tomorrow": ("in-use", "inspect", Given(inspected_on="2026-11-22"), BadInput),
    "an inspection that ends before it begins": (
        "in-use",
        "inspect",
        Given(inspected_on=TODAY, inspected_until="2026-11-20"),
        BadInput,
    ),
    "an inspection without its day": ("in-use", "inspect", Given(inspected_until="2027-01-01"), Usage),
    "a text that steers a terminal": ("in-use", "correct", Given(label="x\x1b[2J"), BadInput),
    "a text that turns the direction": ("in-use", "correct", Given(unit="x\u202ey"), BadInput),
    "ten megabytes": ("in-use", "correct", Given(label="x" * 10_000_000), BadInput),
    "nothing to correct": ("in-use", "correct", Given(), Usage),
    "what it is already": ("in-use", "correct", Given(label="Sample"), Usage),
    "no paper of origin": ("in-use", "correct", Given(document=""), BadInput),
}


@pytest.mark.parametrize(("state", "verb", "what", "error"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused(state: str, verb: str, what: Given, error: type[GuardError]) -> None:
    with pytest.raises(error):
        move(an(state), verb, what)


def test_names_are_composed_so_that_one_person_is_one_person() -> None:
    decomposed, composed = "Tra\u0302\u0300n Thi\u0323 Ma\u0302\u0303u", "Trần Thị Mẫu"
    assert decomposed != composed
    assert move(an("in-use"), "transfer", Given(holder=f" {decomposed} ")).holder == composed


def test_what_a_move_changes_is_told_with_old_and_new() -> None:
    before = an("in-use", expires_on="2026-12-31")
    later = move(before, "correct", Given(unit="", expires_on="2027-12-31", label="Sample"))
    assert changed(before, later) == {
        "unit": {"old": "Mau", "new": None},
        "expires_on": {"old": "2026-12-31", "new": "2027-12-31"},
    }
    assert isinstance(move(later, "correct", Given(expires_on="")).expires_on, msgspec.UnsetType)


def test_a_lost_device_comes_back_as_what_it_was_at_most() -> None:
    for state, expected in {"pending": "pending", "in-use": "suspended", "revoked": "revoked"}.items():
        found = move(move(an(state), "lost"), "found")
        assert (str(found.state), found.inspect_first) == (expected, True)
    gone = move(move(an("in-use"), "lost"), "revoke")
    assert gone.state is Custody.LOST, "it still raises the alarm when it is plugged in"
    assert move(gone, "found").state is Custody.REVOKED
    old = an("lost")
    assert move(old, "found").state is Custody.SUSPENDED


moments = st.tuples(
    st.sampled_from(sorted(MOVES)),
    st.fixed_dictionaries(
        {},
        optional={
            "holder": st.sampled_from(["Nguyen Van Mau", "Trần Thị Mẫu", ""]),
            "label": st.sampled_from(["", "Sample 2"]),
            "expires_on": st.sampled_from(["", TODAY, "2020-01-01", "2026-13-01"]),
            "inspected_on": st.sampled_from([TODAY, "2026-05-21", "2027-01-01"]),
        },
    ),
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(["pending", "in-use"]), st.lists(moments, max_size=30))
def test_no_sequence_of_moves_reaches_what_the_table_forbids(
    first: str, steps: list[tuple[str, dict[str, str]]]
) -> None:
    start = asset = an(first)
    approved, revoked, destroyed, uninspected = first == "in-use", False, False, False
    history = [changed(an(first, holder="", label=""), asset)]
    for verb, facts in steps:
        before, could = asset, possible(asset)
        try:
            asset = move(before, verb, Given(**facts) if facts else None)
        except GuardError:
            continue
        assert verb in could
        assert not destroyed, "a destroyed device moves no more"
        approved |= verb == "approve"
        revoked |= verb == "revoke"
        uninspected = (uninspected or verb == "found") and verb != "inspect"
        expected = EXPECTED[verb][str(before.state)]
        assert str(asset.state) == expected or (verb == "found" and asset.state is not Custody.IN_USE)
        if asset.state is Custody.IN_USE:
            assert approved, "in use without approval"
            assert not revoked, "in use after its right was revoked"
            assert not uninspected, "in use after it was found, without an inspection"
        if asset.state is Custody.DESTROYED:
            destroyed = True
            assert not asset.holder, "destroyed while somebody held it"
        assert (asset.id, asset.electronic_serial, asset.fingerprints) == (
            start.id,
            start.electronic_serial,
            start.fingerprints,
        )
        history.append(changed(before, asset))
    told: dict[str, Any] = {}
    for change in history:
        for name, pair in change.items():
            assert told.get(name) == pair["old"], "history has a gap"
            told[name] = pair["new"]
    now = changed(an(first, holder="", label=""), asset)
    assert {k: v for k, v in told.items() if k in now} == {k: v["new"] for k, v in now.items()}


DAYS = {"2026-11-21": True, "2024-02-29": True, "2000-02-29": True, "1900-02-29": False, "2026-11-31": False}
DAYS |= {"0000-01-01": False, "2026-1-01": False, "2026-11-21\n": False, "": False, "\u0662026-11-21": False}


@pytest.mark.parametrize(("text", "expected"), DAYS.items())
def test_days(text: str, *, expected: bool) -> None:
    assert is_day(text) is expected


def test_a_day_has_passed_the_day_after_it() -> None:
    assert [passed("2026-11-21", today) for today in ("2026-11-21", "2026-11-22", "")] == [False, True, True]
