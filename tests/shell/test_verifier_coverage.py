"""The verifier's coverage and the product's: two programs from one definition come to the same stretches."""

from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shell.test_tampering import verifier  # noqa: F401 - a fixture

coverage = pytest.importorskip("usbguard_py.core.coverage", reason="the product does not compute coverage yet")

BEGIN = 1_795_237_200_000  # 2026-11-21T12:00:00+07:00
KINDS = (
    "begin",
    "start",
    "start",
    "stop",
    "policy-use",
    "sleep",
    "events-lost",
    "clock-step",
    "drift",
    "alarm",
    "decision",
)
ALARM = "the kernel's default could not be set"
STEPS = st.sampled_from([0, 1, 10, 1000, 5000])


def at(ms: int) -> str:
    moment = datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000)
    return moment.isoformat(timespec="milliseconds")


@st.composite
def history(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Entries of a ledger: boots, clocks that are set, entries that were written late."""
    entries: list[dict[str, Any]] = []
    boot, mono, wall = 0, draw(st.integers(0, 5000)), BEGIN
    for seq in range(1, draw(st.integers(2, 14))):
        step = draw(STEPS)
        mono, wall = mono + step, wall + step
        if draw(st.integers(0, 6)) == 0:
            boot, mono, wall = (
                boot + 1,
                draw(st.integers(0, 4000)),
                wall + draw(st.sampled_from([-3000, 0, 2000, 9000])),
            )
        wall += draw(st.sampled_from([0] * 8 + [-4000, 5000]))
        kind = draw(st.sampled_from(KINDS))
        entry = {
            "seq": seq,
            "kind": kind,
            "at": at(wall),
            "mono_ms": mono,
            "boot": f"b{boot}",
            **draw(facts(kind, wall)),
        }
        if draw(st.integers(0, 4)) == 0:
            entry |= {"late": True, "happened_at": at(wall - draw(st.integers(0, 3000)))}
        entries.append(entry)
    return entries


def facts(kind: str, wall: int) -> st.SearchStrategy[dict[str, Any]]:
    """What an entry of that kind says of coverage."""
    truth, names = st.booleans(), st.sampled_from(["usb1", "usb1/hub", "x"])
    known: dict[str, st.SearchStrategy[dict[str, Any]]] = {
        "start": st.fixed_dictionaries(
            {"enforce": truth, "kernel_parameter": truth, "unclosed": st.lists(names, max_size=2)}
        ),
        "stop": st.fixed_dictionaries({}, optional={"shutdown": truth}),
        "policy-use": st.fixed_dictionaries({}, optional={"enforce": truth}),
        "sleep": st.fixed_dictionaries(
            {"from": st.integers(0, 3000).map(lambda ms: at(wall - ms)), "ms": st.integers(0, 3000)}
        ),
        "drift": st.fixed_dictionaries({"name": names}, optional={"restored": truth}),
        "alarm": st.fixed_dictionaries({"name": names, "detail": st.sampled_from([ALARM, "x"])}),
    }
    return known.get(kind, st.just({}))


@given(history())
def test_both_come_to_the_same_stretches(verifier: ModuleType, entries: list[dict[str, Any]]) -> None:  # noqa: F811
    ours = coverage.coverage([msgspec.convert(entry, coverage.Mark) for entry in entries])
    theirs = verifier.Coverage()
    for entry in entries:
        theirs.see(entry)
    theirs.end()
    assert [(s.begin, s.end, str(s.reason)) for s in ours.stretches] == theirs.stretches
    answer = theirs.answer()
    assert (ours.hundredths, ours.covered, ours.off) == (answer["hundredths"], answer["covered"], answer["off"])
