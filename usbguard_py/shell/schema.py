"""The tables of the one database file, and how it comes to be. Text only: the judge imports this.

SQLite's ``application_id`` and ``user_version`` (SQLite documentation, "Pragma statements") say whose
file it is and which version. The guards against change and removal are triggers; :func:`fits`
compares the whole schema, so that a guard that was dropped is seen before the first query.
"""

import hashlib
import sqlite3

APPLICATION_ID = 0x55475059  # "UGPY"; not in SQLite's list of assigned numbers (its source, magic.txt)
# 2: a passport may hold media, the tables are those of 1; 3: LOGIN_TOOL; 4: it may hold what they hold; 5: LIFE_CYCLE,
# 6: FOUR_EYES, 7: CARRIED
SCHEMA_VERSION = 7

# Filters of the log: name of the generated column, and its expression over the stored bytes.
FILTERS = {
    "kind": "json_extract(body, '$.kind')",
    "time": "unixepoch(json_extract(body, '$.at'))",
    "code": "nullif(json_extract(body, '$.code'), '')",
    "outcome": "nullif(json_extract(body, '$.outcome'), '')",
    "serial": "nullif(json_extract(body, '$.serial'), '')",
    "asset": "nullif(json_extract(body, '$.asset'), '')",
    "holder": "nullif(json_extract(body, '$.holder'), '')",
    "name": "nullif(json_extract(body, '$.name'), '')",
}

_LEDGER = (
    """CREATE TABLE head (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT""",
    "CREATE TABLE ledger (\n  seq INTEGER PRIMARY KEY CHECK (seq = json_extract(body, '$.seq')),\n"
    "  body TEXT NOT NULL,\n  hash BLOB NOT NULL CHECK (length(hash) = 32),\n"
    + ",\n".join(
        f"  {name} {'INTEGER' if name == 'time' else 'TEXT'} GENERATED ALWAYS AS ({expression}) VIRTUAL"
        for name, expression in FILTERS.items()
    )
    + "\n) STRICT",
    *(f"CREATE INDEX ledger_{name} ON ledger ({name}) WHERE {name} IS NOT NULL" for name in FILTERS),
    """CREATE TABLE evidence (
  id INTEGER PRIMARY KEY,
  sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
  data BLOB NOT NULL
) STRICT""",
)

_LIST = (
    """CREATE TABLE list_change (
  version INTEGER PRIMARY KEY,
  entry INTEGER NOT NULL UNIQUE REFERENCES ledger (seq)
) STRICT""",
    """CREATE TABLE asset (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE CHECK (id = printf('TB-%04d', number)),
  label TEXT NOT NULL,
  printed_serial TEXT NOT NULL,
  electronic_serial TEXT NOT NULL,
  holder TEXT NOT NULL,
  unit TEXT NOT NULL,
  document TEXT NOT NULL,
  access TEXT NOT NULL CHECK (access IN ('rw', 'ro')),
  state TEXT NOT NULL CHECK (state IN
    ('pending', 'in-use', 'suspended', 'expired', 'revoked', 'lost', 'damaged', 'destroyed')),
  added_at TEXT NOT NULL,
  added_by TEXT NOT NULL,
  changed_at TEXT NOT NULL,
  reason TEXT NOT NULL,
  reason_document TEXT NOT NULL,
  entry INTEGER NOT NULL REFERENCES ledger (seq)
) STRICT""",
    "CREATE INDEX asset_electronic_serial ON asset (electronic_serial)",
    "CREATE INDEX asset_state ON asset (state)",
    """CREATE TABLE fingerprint (
  id INTEGER PRIMARY KEY,
  asset TEXT NOT NULL REFERENCES asset (id),
  name TEXT NOT NULL,
  passport TEXT NOT NULL,
  serial TEXT GENERATED ALWAYS AS (json_extract(passport, '$.serial')) VIRTUAL,
  UNIQUE (asset, name)
) STRICT""",
    "CREATE INDEX fingerprint_serial ON fingerprint (serial)",
    """CREATE TABLE peripheral (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE CHECK (id = printf('NV-%04d', number)),
  kind TEXT NOT NULL,
  port TEXT NOT NULL,
  passport TEXT NOT NULL,
  label TEXT NOT NULL,
  enrolled_at TEXT NOT NULL,
  enrolled_by TEXT NOT NULL,
  document TEXT NOT NULL,
  active INTEGER NOT NULL CHECK (active IN (0, 1)),
  entry INTEGER NOT NULL REFERENCES ledger (seq)
) STRICT""",
    "CREATE INDEX peripheral_active ON peripheral (active) WHERE active = 1",
    """CREATE TABLE policy (
  entry INTEGER PRIMARY KEY REFERENCES ledger (seq),
  name TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT""",
)


def _refuse(name: str, when: str, table: str, condition: str, why: str) -> str:
    clause = f"\nWHEN {condition}" if condition else ""
    return f"CREATE TRIGGER {name} BEFORE {when} ON {table}{clause}\nBEGIN SELECT RAISE(ABORT, '{why}'); END"


_KEEP = ("ledger", "evidence", "list_change", "fingerprint", "policy")  # rows never change
_ALL = (*_KEEP, "asset", "peripheral", "head")  # rows never leave
# A row that is there already: refused here, because REPLACE would delete it without firing a delete trigger
# (SQLite documentation, "REPLACE" conflict resolution; recursive_triggers is off unless asked for).
_KEYS = {
    "head": "SELECT 1 FROM head",
    "evidence": "SELECT 1 FROM evidence WHERE id = NEW.id OR sha256 = NEW.sha256",
    "list_change": "SELECT 1 FROM list_change WHERE version = NEW.version OR entry = NEW.entry",
    "asset": "SELECT 1 FROM asset WHERE number = NEW.number OR id = NEW.id",
    "fingerprint": "SELECT 1 FROM fingerprint WHERE id = NEW.id OR (asset = NEW.asset AND name = NEW.name)",
    "peripheral": "SELECT 1 FROM peripheral WHERE number = NEW.number OR id = NEW.id",
    "policy": "SELECT 1 FROM policy WHERE entry = NEW.entry",
}
_FIXED = {
    "asset": (
        "number",
        "id",
        "label",
        "printed_serial",
        "electronic_serial",
        "unit",
        "document",
        "access",
        "added_at",
        "added_by",
    ),
    "peripheral": ("number", "id", "kind", "port", "passport", "label", "enrolled_at", "enrolled_by", "document"),
}

_GUARDS = (
    _refuse(
        "ledger_order", "INSERT", "ledger", "NEW.seq IS NOT (SELECT seq + 1 FROM head)", "ledger: entry out of order"
    ),
    """CREATE TRIGGER ledger_head AFTER INSERT ON ledger
BEGIN UPDATE head SET seq = NEW.seq, hash = NEW.hash; END""",
    _refuse("head_order", "UPDATE", "head", "NEW.seq IS NOT OLD.seq + 1 OR NEW.one IS NOT 1", "head: only forward"),
    *(_refuse(f"{t}_no_update", "UPDATE", t, "", f"{t}: rows never change") for t in _KEEP),
    *(_refuse(f"{t}_no_delete", "DELETE", t, "", f"{t}: rows never leave") for t in _ALL),
    *(
        _refuse(f"{t}_no_replace", "INSERT", t, f"EXISTS ({query})", f"{t}: there is such a row")
        for t, query in _KEYS.items()
    ),
    *(
        _refuse(f"{t}_fixed", f"UPDATE OF {', '.join(columns)}", t, "", f"{t}: these facts never change")
        for t, columns in _FIXED.items()
    ),
    *(
        _refuse(
            f"{t}_recorded",
            "UPDATE",
            t,
            "NEW.entry <= OLD.entry OR NEW.entry IS NOT (SELECT seq FROM head)",
            f"{t}: a change needs its entry",
        )
        for t in _FIXED
    ),
)

STATEMENTS = (*_LEDGER, *_LIST, *_GUARDS)

# What version 3 adds: whether an asset's login tool works, a fact of the asset that never changes. A file that is
# made anew gets it the same way, so that both hold the same text.
_FACTS = ", ".join((*_FIXED["asset"], "login_tool"))
LOGIN_TOOL = (
    "ALTER TABLE asset ADD COLUMN login_tool INTEGER NOT NULL DEFAULT 0 CHECK (login_tool IN (0, 1))",
    "DROP TRIGGER asset_fixed",
    _refuse("asset_fixed", f"UPDATE OF {_FACTS}", "asset", "", "asset: these facts never change"),
)

# What version 5 adds: facts of an asset that come with its moves, and the right to correct what was typed. A file that
# is made anew gets them the same way, so that both hold the same text. A fact that is not there is NULL; date()
# with a modifier gives a day that no calendar has as another one (SQLite documentation, "Date And Time Functions").
_LIFE_FIXED = ("number", "id", "electronic_serial", "access", "login_tool", "added_at", "added_by")
LIFE_CYCLE = (
    *(
        f"ALTER TABLE asset ADD COLUMN {name} TEXT CHECK ({name} IS date({name}, '+0 days'))"
        for name in ("expires_on", "inspected_on", "inspected_until")
    ),
    "ALTER TABLE asset ADD COLUMN inspect_first INTEGER CHECK (inspect_first = 1)",
    "ALTER TABLE asset ADD COLUMN back_to TEXT CHECK (back_to IN ('pending', 'suspended', 'damaged', 'revoked'))",
    "DROP TRIGGER asset_fixed",
    _refuse("asset_fixed", f"UPDATE OF {', '.join(_LIFE_FIXED)}", "asset", "", "asset: these facts never change"),
    _refuse("asset_ended", "UPDATE", "asset", "OLD.state = 'destroyed'", "asset: a destroyed one never changes"),
    "CREATE INDEX asset_holder ON asset (holder)",
    # Of few rows each: what `status` reminds of has to be counted in milliseconds at any size.
    "CREATE INDEX asset_expires ON asset (expires_on) WHERE expires_on IS NOT NULL",
    "CREATE INDEX asset_inspected ON asset (inspected_until) WHERE inspected_until IS NOT NULL",
    "CREATE INDEX asset_uninspected ON asset (number) WHERE state = 'in-use' AND inspected_on IS NULL",
    "CREATE INDEX asset_not_returned ON asset (number) WHERE state IN ('revoked', 'damaged') AND holder <> ''",
)

# What version 6 adds: what one person proposed and a second one has to approve. Only the end of a proposal is written
# after it was made, once; of one device there is one open proposal.
FOUR_EYES = (
    """CREATE TABLE proposal (
  number INTEGER PRIMARY KEY,
  asset TEXT NOT NULL REFERENCES asset (id),
  until TEXT NOT NULL CHECK (until IS date(until, '+0 days')),
  state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'refused', 'withdrawn', 'void')),
  record TEXT NOT NULL CHECK (json_valid(record)),
  entry INTEGER NOT NULL REFERENCES ledger (seq)
) STRICT""",
    "CREATE INDEX proposal_asset ON proposal (asset)",
    "CREATE UNIQUE INDEX proposal_open ON proposal (asset) WHERE state = 'open'",
    "CREATE INDEX proposal_waiting ON proposal (until) WHERE state = 'open'",
    _refuse("proposal_no_delete", "DELETE", "proposal", "", "proposal: rows never leave"),
    _refuse(
        "proposal_no_replace",
        "INSERT",
        "proposal",
        "EXISTS (SELECT 1 FROM proposal WHERE number = NEW.number OR (asset = NEW.asset AND state = 'open'))",
        "proposal: there is such a row",
    ),
    _refuse("proposal_fixed", "UPDATE OF number, asset, until, record", "proposal", "", "proposal: it never changes"),
    _refuse(
        "proposal_ended", "UPDATE", "proposal", "OLD.state <> 'open' OR NEW.state = 'open'", "proposal: it ends once"
    ),
    _refuse(
        "proposal_recorded",
        "UPDATE",
        "proposal",
        "NEW.entry <= OLD.entry OR NEW.entry IS NOT (SELECT seq FROM head)",
        "proposal: a change needs its entry",
    ),
)

# What version 7 adds: what is known of carried lists (usbguard_py.core.list_notes). Rows never change.
CARRIED = (
    """CREATE TABLE list_note (
  number INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('take', 'keep', 'carry', 'receipt', 'ask')),
  about TEXT NOT NULL,
  record TEXT NOT NULL CHECK (json_valid(record)),
  entry INTEGER NOT NULL UNIQUE REFERENCES ledger (seq)
) STRICT""",
    "CREATE INDEX list_note_about ON list_note (kind, about)",
    _refuse("list_note_no_update", "UPDATE", "list_note", "", "list_note: rows never change"),
    _refuse("list_note_no_delete", "DELETE", "list_note", "", "list_note: rows never leave"),
    _refuse(
        "list_note_no_replace",
        "INSERT",
        "list_note",
        "EXISTS (SELECT 1 FROM list_note WHERE number = NEW.number OR entry = NEW.entry)",
        "list_note: there is such a row",
    ),
    _refuse(
        "list_note_recorded",
        "INSERT",
        "list_note",
        "NEW.entry IS NOT (SELECT seq FROM head)",
        "list_note: a change needs its entry",
    ),
)

# SHA-256 over the schema as SQLite keeps it; a test computes it anew.
SCHEMA_SHA256 = "a321d61d125d442a3337131af36615982dab07972c5addbc1f3babc9f67fbe35"


def schema_digest(connection: sqlite3.Connection) -> str:
    """SHA-256 of every table, index, trigger and view of an open database, but for the list of migrations."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")
    ours = [tuple(row) for row in rows if "_sqlite_migrations" not in row[2]]
    return hashlib.sha256(repr(ours).encode()).hexdigest()


def fits(connection: sqlite3.Connection) -> bool:
    """Whether the schema is exactly ours, guards included."""
    return schema_digest(connection) == SCHEMA_SHA256
