"""The table of the comparison cannot say what the witness did not: verdicts, page, settings and their reasons."""

import re
from collections.abc import Sequence

import pytest

from tests.compare import registry
from tests.compare.findings import Finding, NotFound, Row, merged, verdict
from tests.compare.page import HEADS, page
from tests.compare.registry import Scenario
from tests.compare.sides import RULES, SETTINGS, rule

DEAD = Row("dead", "a", "b", "dead")
WORKS = Row("works", "a", "b", "alive")
NOTICED = Row("noticed", "a", "b", "yes")
SPEED = Row("speed", "a", "b", "alive", "s", 0.2)


def timed(*seconds: float, state: str = "alive") -> Finding:
    return Finding(state, "", seconds)


CASES = {
    "dead here, alive there": (DEAD, Finding("alive"), Finding("dead"), "ours"),
    "alive here, dead there": (DEAD, Finding("dead"), Finding("alive"), "peer"),
    "both dead": (DEAD, Finding("dead"), Finding("dead"), "equal"),
    "both alive, though dead is wanted": (DEAD, Finding("alive"), Finding("alive"), "equal"),
    "works there only": (WORKS, Finding("alive"), Finding("dead"), "peer"),
    "works here only": (WORKS, Finding("dead"), Finding("alive"), "ours"),
    "noticed here only": (NOTICED, Finding("no"), Finding("yes"), "ours"),
    "sooner there": (SPEED, timed(1.0), timed(2.0), "peer"),
    "sooner here": (SPEED, timed(2.0), timed(1.0), "ours"),
    "no clear difference": (SPEED, timed(2.0), timed(2.4), "equal"),
    "within the slack": (SPEED, timed(0.1), timed(0.25), "equal"),
    "the median counts": (SPEED, timed(1.0, 1.0, 9.0), timed(3.0), "peer"),
    "quick, but not what is wanted": (SPEED, timed(0.1, state="dead"), timed(5.0), "ours"),
    "shrunk is not better than unchanged": (SPEED, timed(-9.0), timed(0.0), "equal"),
}


@pytest.mark.parametrize(("row", "peer", "ours", "expected"), CASES.values(), ids=CASES)
def test_who_does_better(row: Row, peer: Finding, ours: Finding, expected: str) -> None:
    assert verdict(row, peer, ours) == expected


@pytest.mark.parametrize("finding", [Finding("yes"), Finding("dead?"), Finding("")], ids=["yes", "unsure", "nothing"])
def test_a_state_that_is_no_answer_is_refused(finding: Finding) -> None:
    with pytest.raises(NotFound):
        verdict(DEAD, finding, Finding("dead"))


def test_a_figure_of_one_side_is_refused() -> None:
    with pytest.raises(NotFound):
        verdict(SPEED, Finding("alive"), timed(1.0))


def test_a_round_that_failed_once_counts() -> None:
    assert merged(Finding("dead", "", (1.0,)), Finding("alive", "sd", (2.0,)), "dead").state == "alive"
    assert merged(timed(1.0), timed(2.0), "alive").samples == (1.0, 2.0)


def made(rows: Sequence[Row], peer: Finding, ours: Finding) -> dict[str, object]:
    def plain(one: Finding) -> dict[str, object]:
        return {"state": one.state, "note": one.note, "samples": list(one.samples), "evidence": []}

    about = {"date": "", "peer": "", "ours": "", "commit": "", "system": "", "kernel": "", "accelerator": ""}
    return {"about": about, "rows": {row.key: {"peer": plain(peer), "ours": plain(ours)} for row in rows}}


def one_scenario(*rows: Row) -> dict[str, Scenario]:
    return {"made_up": Scenario("made_up", lambda _: (), rows)}


def test_rows_where_the_peer_wins_come_first() -> None:
    """The same answers, asked for the one and for the other."""
    rows = (Row("k1", "left dead", "x", "dead"), Row("k2", "left working", "x", "alive"))
    results = made(rows, Finding("alive", "sd"), Finding("dead"))
    text = page(results, one_scenario(*rows))
    places = [text.index(word) for word in (HEADS["peer"], "left working", HEADS["equal"], HEADS["ours"], "left dead")]
    assert places == sorted(places)
    assert "| left working | x | alive (sd) | dead | `made_up` |" in text
    assert "usbguard does better in 1, both do the same in 0, usbguard-py does better in 1" in text


def test_a_row_without_findings_is_refused() -> None:
    with pytest.raises(NotFound, match="no finding"):
        page(made((), Finding("dead"), Finding("dead")), one_scenario(DEAD))


def test_a_finding_without_a_row_is_refused() -> None:
    with pytest.raises(NotFound, match="without a row"):
        page(made((WORKS,), Finding("alive"), Finding("alive")), one_scenario())


def test_every_row_has_its_own_name() -> None:
    every = registry.every()
    assert len(registry.rows()) == sum(len(one.rows) for one in every.values())
    assert len(every) >= 30


def test_every_setting_of_the_peer_has_its_reason() -> None:
    parts = SETTINGS.read_text(encoding="utf-8").strip().split("\n\n")
    for part in parts[1:]:
        lines = part.splitlines()
        assert lines[0].startswith("# "), part
        assert all(re.fullmatch(r"[A-Za-z]+=.*", line) for line in lines if not line.startswith("#")), part
        assert any(not line.startswith("#") for line in lines), part


def test_the_peers_rules_allow_hubs_and_nothing_else() -> None:
    lines = [line for line in RULES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert [line.split(" {")[0] for line in lines] == [
        "allow with-interface equals",
        "allow with-interface equals-ordered",
    ]
    assert set(re.findall(r"\b\w\w:\w\w:[\w*]+", "\n".join(lines))) == {"09:00:*", "09:00:01", "09:00:02"}


LISTED = (
    '13: block id 46f4:0001 serial "SAMPLE \\"1\\"" name "A stick" hash "aaa=" parent-hash "bbb=" via-port "2-1" '
    'with-interface {} with-connect-type "unknown"'
)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [("08:06:50", "{ 08:06:50 }"), ("{ 08:06:50 03:01:01 }", "{ 08:06:50 03:01:01 }")],
    ids=["one interface", "two"],
)
def test_the_peers_rule_names_the_device_and_not_its_parent(shown: str, expected: str) -> None:
    line = LISTED.replace("{}", shown)
    assert rule(line, ("id", "serial", "hash")) == (
        f'allow id 46f4:0001 serial "SAMPLE \\"1\\"" hash "aaa=" with-interface equals-ordered {expected}'
    )
    assert 'via-port "2-1"' in rule(line, ("via-port",))
