"""Rule files of USBGuard: only what a connected device proves is carried over, and nothing gets wider by it."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.build import KEYBOARD, Part, a_stick, attributes, descriptors
from tests.cli.conftest import Run
from tests.cli.rig import Judge, described
from usbguard_py import paths
from usbguard_py.core.passport import passport_of
from usbguard_py.core.usbguard_rules import device_hash
from usbguard_py.shell.store import Store

STICK = a_stick()
HASH = device_hash(b"Sample Device", 0x1234, 1, b"SAMPLE-0001", STICK.descriptors)
ALLOW = f'allow id 1234:0001 serial "SAMPLE-0001" name "Sample Device" hash "{HASH}" with-interface 08:06:50'


def plugged(raw: bytes) -> None:
    """What sysfs shows of a device on port 1-2."""
    folder = paths.USB_DEVICES / "1-2"
    folder.mkdir(parents=True)
    for name, value in attributes(raw).items():
        if value is not None:
            (folder / name).write_bytes(value)


@pytest.fixture
def preview(run: Run, judge: Judge, store: Store, tmp_path: Path) -> Any:
    """What an import of these rules would do."""
    judge.answers["Devices"] = {"devices": [described()]}
    judge.answers["Examine"] = {"name": "1-2", "passport": msgspec.to_builtins(passport_of(STICK, (0,)))}

    def look(*rules: str, raw: bytes = STICK.descriptors) -> dict[str, Any]:
        plugged(raw)
        file = tmp_path / "rules.conf"
        file.write_text("\n".join(rules), encoding="utf-8")
        result = run("whitelist", "import", str(file), "--from", "usbguard", "--dry-run", "--json")
        return dict(json.loads(result.stdout), exit_code=result.exit_code)

    return look


def test_a_device_that_proves_its_hash_waits_for_its_approval(
    preview: Any, run: Run, judge: Judge, tmp_path: Path
) -> None:
    told = preview("# mine", ALLOW)
    assert (told["new"], told["notes"], told["faults"], told["exit_code"]) == (1, [], [], 0)
    sent: list[Any] = []
    judge.answers["WhitelistImportBegin"] = {"token": "x"}
    judge.answers["WhitelistImportPart"] = lambda request: sent.extend(request.rows) or {}
    judge.answers["WhitelistImportCommit"] = {"seq": 2, "count": 1, "first": "TB-0001", "last": "TB-0001"}
    file = str(tmp_path / "rules.conf")
    words = ("--expect-new", "1", "--reason", "chuyển sang", "--document", "MAU-09/2026")
    assert run("whitelist", "import", file, "--from", "usbguard", *words).exit_code == 0
    assert [(row.line, str(row.asset.state), row.asset.holder, row.asset.label) for row in sent] == [
        (2, "pending", "", "Sample Device")
    ]


TIED = ALLOW + ' parent-hash "x" via-port "1-2" with-connect-type "hotplug"'
NOT_THE_ONE = "no connected device is the one that it means"
CARRIED: dict[str, tuple[tuple[str, ...], int, list[tuple[int, str]]]] = {
    "tied to a port": ((TIED,), 1, [(1, "it was allowed there only; here it is on each port")]),
    "on another port": ((ALLOW + ' via-port "1-3"',), 0, [(1, NOT_THE_ONE)]),
    "no hash": (("allow id 1234:0001",), 0, [(1, "no hash: it does not mean one device")]),
    "another hash": ((ALLOW.replace(HASH, "aGFzaA=="),), 0, [(1, NOT_THE_ONE)]),
    "one of two hashes": ((ALLOW.replace("hash ", "hash one-of { ").replace(" with", ' "x" } with'),), 1, []),
    "none of the hashes": (
        (ALLOW.replace(f'"{HASH}"', 'none-of { "x" }').replace("with-interface 08:06:50", ""),),
        0,
        [(1, NOT_THE_ONE)],
    ),
    "a condition": ((ALLOW + " if localtime(08:00-17:00)",), 0, [(1, "a condition cannot be carried over")]),
    "blocked before": (
        ("block id 1234:*", ALLOW),
        0,
        [(1, "what is not on the list is blocked without a rule"), (2, NOT_THE_ONE)],
    ),
    "perhaps blocked before": (
        ('reject parent-hash "y"', ALLOW),
        0,
        [(1, "what is not on the list is blocked without a rule"), (2, NOT_THE_ONE)],
    ),
    "blocked after": (
        (ALLOW, "block"),
        1,
        [(2, "what is not on the list is blocked without a rule")],
    ),
}


@pytest.mark.parametrize("name", CARRIED)
def test_what_cannot_be_carried_over_is_named(preview: Any, name: str) -> None:
    rules, new, notes = CARRIED[name]
    told = preview(*rules)
    assert (told["new"], [(n["line"], n["detail"]) for n in told["notes"]]) == (new, notes)


def test_a_keyboard_is_none_of_the_list(preview: Any) -> None:
    raw = descriptors((Part(0, KEYBOARD, endpoints=1),))
    told = preview(f'allow hash "{device_hash(b"Sample Device", 0x1234, 1, b"SAMPLE-0001", raw)}"', raw=raw)
    assert (told["new"], told["notes"][0]["detail"]) == (0, "no storage; enrol it as a device of the workplace")


def test_a_file_that_is_none_is_refused_with_its_places(preview: Any, run: Run, tmp_path: Path) -> None:
    told = preview("permit", ALLOW, "allow id 12:34")
    assert told["exit_code"] == 65
    assert [(f["line"], f["column"]) for f in told["faults"]] == [(1, "1"), (3, "10")]
    result = run("whitelist", "import", str(tmp_path / "rules.conf"), "--from", "usbguard")
    assert "không có hành động “permit”" in " ".join(result.output.split())
