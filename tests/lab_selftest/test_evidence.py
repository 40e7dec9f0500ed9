"""Evidence is written while the scenarios run, and counted afterwards."""

from pathlib import Path

import pytest

from tests.lab import Guest
from tests.lab.evidence import Evidence, Scenario, missing, read


def test_an_entry_holds_what_the_kernel_said(guest: Guest, tmp_path: Path) -> None:
    numbers = iter([7, 9])
    evidence = Evidence(tmp_path / "scenarios.json")
    with evidence.scenario("sample", guest, lambda: next(numbers)) as scenario:
        stick = guest.plug_stick()
        scenario.facts["port"] = stick.port
        guest.witness.fence()
    (entry,) = read(tmp_path / "scenarios.json")
    assert entry["result"] == "passed"
    assert entry["kernel"] == guest.kernel_release
    assert len(entry["boot_id"]) == 36
    assert entry["ledger"] == [8, 9]
    assert [one["devpath"] for one in entry["bindings"]] == [stick.devpath]


def test_a_scenario_that_raises_is_written_as_failed(guest: Guest, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Evidence(tmp_path / "s.json").scenario("bad", guest):
        raise ZeroDivisionError
    assert read(tmp_path / "s.json")[0]["result"] == "failed"


def test_scenarios_that_did_not_run_or_pass_are_named(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path / "s.json")
    evidence.write(Scenario("good", "6.1", "boot", result="passed"))
    evidence.write(Scenario("bad", "6.1", "boot"))
    assert missing(["good", "bad", "absent"], tmp_path / "s.json") == ["bad", "absent"]
