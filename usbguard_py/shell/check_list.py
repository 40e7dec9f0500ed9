"""Is the list what the ledger says? Row by row, for verification."""

import sqlite3
from pathlib import Path

from usbguard_py.errors import ListDiffers
from usbguard_py.shell.note_table import NoteTable
from usbguard_py.shell.proposal_table import ProposalTable
from usbguard_py.shell.register import Register

# For each table of the list: its rows with the entry that made them, and the last entry of the ledger about each.
_TABLES = (
    (
        "SELECT printf('TB-%04d', number), entry FROM asset",
        """SELECT asset, max(seq) FROM ledger
        WHERE kind IN ('list-add', 'list-learn', 'list-revoke', 'list-state', 'list-carried') GROUP BY asset""",
    ),
    (
        "SELECT printf('NV-%04d', number), entry FROM peripheral",
        """SELECT json_extract(body, '$.peripheral') AS id, max(seq) FROM ledger
        WHERE kind IN ('peripheral-enrol', 'peripheral-remove') GROUP BY id""",
    ),
    (
        "SELECT 'policy ' || name, entry FROM policy",
        "SELECT 'policy ' || json_extract(body, '$.policy'), seq FROM ledger WHERE kind = 'policy-use'",
    ),
    (
        "SELECT 'proposal ' || number, entry FROM proposal",
        """SELECT 'proposal ' || json_extract(body, '$.proposal') AS id, max(seq) FROM ledger
        WHERE kind IN ('proposal', 'proposal-approved', 'proposal-refused', 'proposal-withdrawn', 'proposal-void')
        GROUP BY id""",
    ),
    (
        "SELECT 'list ' || version, entry FROM list_change",
        """SELECT 'list ' || json_extract(body, '$.list_version'), seq FROM ledger
        WHERE kind IN ('list-add', 'list-learn', 'list-revoke', 'list-state', 'list-carried', 'peripheral-enrol',
        'peripheral-remove')""",
    ),
    (
        "SELECT 'list-' || kind, entry FROM list_note",
        """SELECT kind, seq FROM ledger
        WHERE kind IN ('list-take', 'list-keep', 'list-carry', 'list-receipt', 'list-ask')""",
    ),
)


def check_list(connection: sqlite3.Connection, path: Path) -> int:
    """See that every row of the list is what the last entry about it says; how many assets there are.

    Raises:
        ListDiffers: the first row that is not, or that is missing.
    """
    for have, want in _TABLES:
        stored, recorded = set(connection.execute(have)), set(connection.execute(want))
        for name, _ in sorted(stored ^ recorded, key=str):
            raise ListDiffers(name=name, path=str(path))
    register = Register(connection, str(path))
    for active in (True, False):
        register.peripherals(active=active)
    for _ in register.policies():
        pass
    for _ in ProposalTable(connection, str(path)).every():
        pass
    for _ in NoteTable(connection, str(path)).every():
        pass
    return sum(1 for _ in register.assets())
