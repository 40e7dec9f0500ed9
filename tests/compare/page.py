"""The page: rows where the peer does better first, then what is equal, then ours. Pure; nothing is measured here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.compare.findings import Finding, NotFound, Row, verdict
from tests.compare.registry import Scenario

HEADS = {
    "peer": "Where usbguard does better",
    "equal": "Where both do the same",
    "ours": "Where usbguard-py does better",
}
TOP = """# Beside Debian's usbguard

Written by `python -m tests.compare page` from `tests/compare/results.json`, which `make compare` measured; edits are
overwritten. Rows where usbguard does better come first.

{about}

{counts}
"""
TABLE = """
## {head}

| what is done | what is asked | usbguard | usbguard-py | scenario |
| --- | --- | --- | --- | --- |
{rows}
"""
HOW = "\n" + (Path(__file__).parent / "how.md").read_text(encoding="utf-8")


def page(results: Mapping[str, Any], scenarios: Mapping[str, Scenario]) -> str:
    """The whole page. Raises NotFound when a row has no findings of both sides, or a finding no row."""
    rows = [(row, one.name) for one in scenarios.values() for row in one.rows]
    strangers = set(results["rows"]) - {row.key for row, _ in rows}
    if strangers:
        raise NotFound(f"findings without a row: {sorted(strangers)}")
    lines: dict[str, list[str]] = {who: [] for who in HEADS}
    remarks = []
    for row, name in rows:
        peer, ours = findings(results, row)
        who = verdict(row, peer, ours)
        cells = (row.done, row.asked, cell(row, peer), cell(row, ours), f"`{name}`")
        lines[who].append(f"| {' | '.join(cells)} |")
        remarks += [f"* *{row.done}: {row.asked}* – {row.remark}"] if row.remark else []
    counts = (
        f"Of {len(rows)} rows usbguard does better in {len(lines['peer'])}, both do the same in {len(lines['equal'])}, "
        f"usbguard-py does better in {len(lines['ours'])}."
    )
    tables = "".join(TABLE.format(head=head, rows="\n".join(lines[who])) for who, head in HEADS.items())
    words = "\n## Remarks\n\n" + "\n".join(remarks) + "\n" if remarks else ""
    return TOP.format(about=about(results["about"]), counts=counts) + tables + words + HOW


def findings(results: Mapping[str, Any], row: Row) -> tuple[Finding, Finding]:
    """What both sides showed for a row, the peer first."""
    found = results["rows"].get(row.key, {})
    missing = [who for who in ("peer", "ours") if who not in found]
    if missing:
        raise NotFound(f"{row.key}: no finding of {' and '.join(missing)}")
    return Finding.read(found["peer"]), Finding.read(found["ours"])


def about(found: Mapping[str, Any]) -> str:
    """Where and when."""
    versions = " and ".join(f"`{found[who]}`" for who in ("peer", "ours"))
    return (
        f"Run on {found['date']}: {versions}, commit `{found['commit']}`, in "
        f"{found['system']} with Linux {found['kernel']}, `{found['accelerator']}`."
    )


def cell(row: Row, finding: Finding) -> str:
    """What one side showed, in a few words."""
    figure = "" if finding.figure is None else f"{shown(finding.figure)} {row.unit}"
    state = "" if figure and finding.state == "yes" else finding.state
    words = ", ".join(word for word in (state, figure) if word)
    return f"{words} ({finding.note})" if finding.note else words


def shown(value: float) -> str:
    """Three digits: no figure here is better than that."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
