"""Makes ``samples/kill.json`` for the tests of the verdict from the evidence of a real trial.

usage: python -m tests.campaign.sample EVIDENCE.json
What the verdict does not look at is left out, so that the record is short enough to be read.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.campaign.evidence import Evidence

SAMPLE = Path(__file__).parent / "samples/kill.json"
ENV = ("SUBSYSTEM", "DEVTYPE", "DRIVER", "DEVNUM", "DEVNAME", "INTERFACE", "SYNTH_UUID")
ENTRY = (
    *("seq", "kind", "name", "devnum", "code", "allow", "mono_ms", "boot", "of", "alarm", "detail"),
    *("gap", "fail_safe", "unclosed"),
)


def thin(found: Evidence) -> Evidence:
    """The evidence without what the verdict does not look at."""
    entries = [{name: entry[name] for name in ENTRY if name in entry} for entry in found.added()]
    saw = [pair for pair in found.saw if pair[0] > found.before]
    kept = {str(number) for number, _ in saw}
    return replace(
        found,
        records=[_record(record) for record in found.records if _about_devices(record)],
        entries=entries,
        hashes={number: digest for number, digest in found.hashes.items() if number in kept},
        saw=saw,
        told=[one for one in found.told if one[0] > found.before],
    )


def _about_devices(record: dict[str, Any]) -> bool:
    return "/usb" in str(record.get("devpath")) and record["kind"] != "probe-end"


def _record(record: dict[str, Any]) -> dict[str, Any]:
    if "env" not in record:
        return record
    return {**record, "env": {name: record["env"][name] for name in ENV if name in record["env"]}}


if __name__ == "__main__":
    SAMPLE.parent.mkdir(exist_ok=True)
    thin(Evidence.read(Path(sys.argv[1]))).write(SAMPLE)
