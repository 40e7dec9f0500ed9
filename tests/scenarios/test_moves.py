"""Every move from every state by every role, through the installed command: what the table says, and nothing else."""

import copy
import json
from typing import Any, NamedTuple

import pytest

from tests.core.test_custody import EXPECTED
from tests.scenarios.rig import APPROVED, INSIDE, Rig

STATES = ("pending", "in-use", "suspended", "revoked", "lost", "damaged", "destroyed")  # no move leads to "expired"
WITHOUT_HOLDER = {"assign", "destroy"}
GIVEN = {
    "inspect": ("--on", "2026-11-20", "--until", "2099-12-31"),
    "assign": ("--holder", "Tran Thi Mau"),
    "transfer": ("--holder", "Tran Thi Mau"),
    "correct": ("--label", "USB mau"),
}
WHY = ("--reason", "thu", "--document", "MAU-09/2026", "--json")
ROLES = {"khongvaitro": "", "kiemtra": "usbguard-auditor", "danhsach": "usbguard-manager", "quantri": "usbguard-admin"}
MAY = ("danhsach", "quantri")
FORBIDDEN, NO_RIGHT = (1, "MoveForbidden"), (77, "PermissionRefused")
STATE = """
import json, sqlite3
with sqlite3.connect("file:/var/lib/usbguard-py/usbguard-py.db?mode=ro", uri=True) as database:
    print(json.dumps(list(database.execute("SELECT id, state FROM asset"))))
"""


class Case(NamedTuple):
    """A move from a state; the list has a device for each."""

    verb: str
    state: str

    @property
    def holder(self) -> str:
        return "" if self.verb in WITHOUT_HOLDER or self.state == "destroyed" else "Nguyen Van Mau"


CASES = [Case(verb, state) for verb in EXPECTED for state in STATES]


def filled(rig: Rig) -> dict[Case, str]:
    """The list with a device for each case, taken from a file; their numbers."""
    rig.cli("whitelist export /root/list.json")
    listed = json.loads(rig.guest.read("/root/list.json"))["assets"]
    (one,) = [asset for asset in listed if asset["electronic_serial"] == APPROVED.encode().hex()]
    rows = []
    for place, case in enumerate(CASES):
        serial = f"SAMPLE-9{place:03d}".encode().hex()
        row = copy.deepcopy(one) | {"electronic_serial": serial, "state": case.state, "holder": case.holder}
        row["fingerprints"][0]["passport"]["serial"] = serial
        rows.append(row)
    rig.guest.write("/root/new.json", json.dumps({"format": "usbguard-py-list", "version": 1, "assets": rows}))
    rig.cli(f"whitelist import /root/new.json --expect-new {len(CASES)} --reason thu --document MAU-01/2026")
    numbers = {a["electronic_serial"]: a["id"] for a in rig.answer("whitelist list --limit 500")["assets"]}
    return {case: numbers[row["electronic_serial"]] for case, row in zip(CASES, rows, strict=True)}


def states(rig: Rig) -> dict[str, str]:
    """The state of each device, read from the database by nothing of ours."""
    return dict(json.loads(rig.guest.run(["python3", "-I", "-c", STATE]).stdout))


def calls(rig: Rig, user: str, numbers: dict[Case, str]) -> dict[Case, dict[str, Any]]:
    """Every move, as that person."""
    rig.guest.put(INSIDE / "calls.py", "/opt/lab/calls.py")
    jobs = [
        {"user": user, "words": ["whitelist", case.verb, number, *GIVEN.get(case.verb, ()), *WHY]}
        for case, number in numbers.items()
    ]
    rig.guest.write("/root/jobs.json", json.dumps(jobs))
    done = rig.guest.run("python3 -I /opt/lab/calls.py < /root/jobs.json", timeout=300, env={"LANG": "en_US.UTF-8"})
    return dict(zip(numbers, json.loads(done.stdout), strict=True))


def outcome(answer: dict[str, Any]) -> tuple[int, str]:
    """The exit code and the name of the error."""
    return answer["code"], json.loads(answer["err"])["error"] if answer["err"] else ""


@pytest.mark.parametrize("user", ROLES)
def test_every_move_from_every_state(rig: Rig, user: str) -> None:
    """Allowed is what the table written by hand allows; refused is the rest, with the moves that are possible."""
    group = ROLES[user]
    rig.guest.run(f"useradd --create-home {f'--groups {group} ' if group else ''}{user}")
    numbers = filled(rig)
    before, was = rig.seq(), states(rig)
    answers = calls(rig, user, numbers)
    expected, outcomes = dict(was), {}
    for case, number in numbers.items():
        leads = EXPECTED[case.verb] if user in MAY else {}
        outcomes[case] = (0, "") if case.state in leads else FORBIDDEN if user in MAY else NO_RIGHT
        expected[number] = leads.get(case.state, case.state)
    assert {case: outcome(answer) for case, answer in answers.items()} == outcomes
    assert states(rig) == expected
    entries = rig.entries(before)
    moved = sorted(number for case, number in numbers.items() if outcomes[case] == (0, ""))
    assert sorted(e["asset"] for e in entries if "asset" in e) == moved
    assert {e["kind"] for e in entries} <= ({"list-state", "list-revoke"} if user in MAY else {"refused"})
