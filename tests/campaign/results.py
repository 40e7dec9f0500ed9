"""The results: one JSON line a trial, appended as it ends, so that a later call goes on where one stopped."""

import hashlib
import json
import os
import random
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests.campaign.trial import Trial
from tests.lab import Guest
from tests.scenarios.rig import ROOT, package

FILE = ROOT / "build/campaign.jsonl"
FAILURES = ROOT / "build/campaign"
HELD, FAILED, VOID = "held", "failed", "void"  # void: the lab failed, and nothing can be said of the product
Line = dict[str, Any]


@dataclass(frozen=True)
class Build:
    """What is tried: the SHA-256 of the package, which is the same for the same sources, and the commit."""

    package: str
    commit: str


@cache
def build() -> Build:
    """The package of this tree, built when it is not there."""
    digest = hashlib.sha256(package().read_bytes()).hexdigest()[:16]
    command = ["git", "describe", "--always", "--dirty"]
    commit = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    return Build(digest, commit)


def read(file: Path = FILE) -> list[Line]:
    """All complete lines; one that was cut off is none."""
    if not file.exists():
        return []
    whole = file.read_text(encoding="utf-8").rpartition("\n")[0]
    return [line for text in whole.splitlines() if (line := _parsed(text)) is not None]


def _parsed(text: str) -> Line | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) and {"kind", "trial", "verdict", "build"} <= line.keys() else None


def of_build(lines: Sequence[Line], which: Build) -> list[Line]:
    """The lines about this package."""
    return [line for line in lines if line["build"]["package"] == which.package]


def finished(lines: Sequence[Line], kind: str) -> int:
    """How many trials of a kind have a verdict."""
    return len([line for line in lines if line["kind"] == kind and line["verdict"] != VOID])


def following(lines: Sequence[Line], kind: str) -> int:
    """The number of the next trial of a kind, void ones counted: no number is used twice."""
    return max((line["trial"] for line in lines if line["kind"] == kind), default=0) + 1


def seed_of(lines: Sequence[Line], given: int | None) -> int:
    """The seed: as given, else that of the last line, else a fresh one."""
    if given is not None:
        return given
    return int(lines[-1]["seed"]) if lines else random.SystemRandom().randrange(1, 2**31)


def append(line: Line, file: Path = FILE) -> None:
    """Add one line, durably; the rest of a line that was cut off is ended first."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab+") as out:
        out.seek(0, os.SEEK_END)
        if out.tell():
            out.seek(-1, os.SEEK_END)
            if out.read(1) != b"\n":
                out.write(b"\n")
        out.write(json.dumps(line, ensure_ascii=False, sort_keys=True).encode() + b"\n")
        out.flush()
        os.fsync(out.fileno())


def line(kind: str, number: int, seed: int, guest: Guest, trial: Trial, *, seconds: float) -> Line:
    """The line of a trial that came to its end."""
    return {
        **_head(kind, number, seed),
        "kernel": guest.kernel_release,
        "boot_id": guest.boot_id,
        "moment": trial.moment,
        "seen": trial.seen,
        "problems": trial.problems,
        "verdict": FAILED if trial.problems else HELD,
        "seconds": round(seconds, 1),
    }


def void(kind: str, number: int, seed: int, why: str) -> Line:
    """The line of a trial in which the lab failed."""
    return {**_head(kind, number, seed), "verdict": VOID, "problems": [why]}


def _head(kind: str, number: int, seed: int) -> Line:
    which = build()
    return {
        "kind": kind,
        "trial": number,
        "seed": seed,
        "build": {"package": which.package, "commit": which.commit},
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
