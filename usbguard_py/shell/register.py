"""The list as rows: assets with their fingerprints, peripherals, the policy.

Only for a connection that is inside a transaction when it writes. What is read is compared with the
entry that made it: a row that was changed by hand is an error, not a decision.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator

import msgspec

from usbguard_py.core.canonical import canonical
from usbguard_py.core.changes import fingerprint_of
from usbguard_py.core.passport import Passport
from usbguard_py.core.whitelist import Asset, Custody, Fingerprint, Peripheral
from usbguard_py.errors import ListDiffers

PASSPORT = msgspec.json.Decoder(Passport)
_ASSET = (
    "id, label, printed_serial, electronic_serial, holder, unit, document, state, access, login_tool, "
    "added_at, added_by, changed_at, reason, reason_document, "
    "expires_on, inspected_on, inspected_until, inspect_first, back_to"
)
# What somebody has to see to. Each has an index of the few rows that it is about (usbguard_py.shell.schema), named here
# because SQLite would take the one of the states.
_REMINDERS = {
    "expired": "asset_expires WHERE state = 'in-use' AND expires_on < :today",
    "expiring": "asset_expires WHERE state = 'in-use' AND expires_on BETWEEN :today AND :soon",
    "inspection_due": "asset_inspected WHERE state = 'in-use' AND inspected_until <= :soon",
    "never_inspected": "asset_uninspected WHERE state = 'in-use' AND inspected_on IS NULL",
    "not_returned": "asset_not_returned WHERE state IN ('revoked', 'damaged') AND holder <> ''",
}
_MOVED = (  # what a change of an asset may write; the rest is fixed
    "label",
    "printed_serial",
    "holder",
    "unit",
    "document",
    "state",
    "changed_at",
    "reason",
    "reason_document",
    "expires_on",
    "inspected_on",
    "inspected_until",
    "inspect_first",
    "back_to",
)
_PERIPHERAL = "id, kind, port, passport, label, enrolled_at, enrolled_by, document"


class StoredPolicy(msgspec.Struct, frozen=True):
    """The policy in force: its text, SHA-256 of the text in hex, and since when (RFC 3339)."""

    name: str
    text: str
    digest: str
    since: str


class Register:
    """The tables of the list of an open connection; ``path`` is named in errors."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self._path = path

    def candidates(self, serial: str) -> tuple[Asset, ...]:
        """Assets of which a fingerprint or the electronic serial is ``serial`` (hex), whatever their state."""
        rows = self._connection.execute(
            "SELECT asset FROM fingerprint WHERE serial = ?1 UNION SELECT id FROM asset WHERE electronic_serial = ?1",
            (serial,),
        ).fetchall()
        return tuple(self._built(row) for (id_,) in rows for row in self._asset_rows("WHERE id = ?", (id_,)))

    def asset(self, id_: str) -> Asset | None:
        """The asset with that number, if there is one."""
        return next((self._built(row) for row in self._asset_rows("WHERE id = ?", (id_,))), None)

    def assets(self, state: Custody | None = None, holder: str | None = None) -> Iterator[Asset]:
        """All assets in the order they were added; only those in ``state`` or given to ``holder`` when named."""
        asked = {"state": None if state is None else str(state), "holder": holder}
        given = {name: value for name, value in asked.items() if value is not None}
        where = " AND ".join(f"{name} = ?" for name in given) or "1"  # one by one, so that each finds its index
        for row in self._asset_rows(f"WHERE {where} ORDER BY number", tuple(given.values())):
            yield self._built(row)

    def numbered(self, numbers: Iterable[int]) -> Iterator[Asset]:
        """The assets with these numbers (the 12 of ``TB-0012``), in that order."""
        for number in numbers:
            yield from map(self._built, self._asset_rows("WHERE number = ?", (number,)))

    def reminders(self, today: str, soon: str) -> dict[str, int]:
        """How many assets are due: those that expired or will by ``soon``, inspections, what was not returned."""
        days = {"today": today, "soon": soon}
        found = {}
        for name, rest in _REMINDERS.items():
            text = f"SELECT count(*) FROM asset INDEXED BY {rest}"  # noqa: S608 - our conditions
            (found[name],) = self._connection.execute(text, days).fetchone()
        return {name: count for name, count in found.items() if count}

    def count(self) -> int:
        """How many assets there are, in any state."""
        number: int = self._connection.execute("SELECT coalesce(max(number), 0) FROM asset").fetchone()[0]
        return number  # rows never leave, so the last number is the count

    def next_asset(self) -> str:
        """The number that the next asset gets."""
        return f"TB-{self.count() + 1:04d}"

    def next_peripheral(self) -> str:
        """The number that the next peripheral gets."""
        (last,) = self._connection.execute("SELECT coalesce(max(number), 0) FROM peripheral").fetchone()
        return f"NV-{last + 1:04d}"

    def insert_asset(self, asset: Asset, entry: int) -> None:
        """Store an asset whose entry has number ``entry``."""
        values = {name: value for name, value in _values(asset).items() if value is not None}
        self._insert("asset", {**values, "entry": entry})
        for one in asset.fingerprints:
            self.insert_fingerprint(asset.id, one)

    def insert_fingerprint(self, id_: str, face: Fingerprint) -> None:
        """Store one more face of an asset."""
        passport = canonical(msgspec.to_builtins(face.passport)).decode()
        self._insert("fingerprint", {"asset": id_, "name": face.name, "passport": passport})

    def update_asset(self, asset: Asset, entry: int) -> None:
        """Store an asset as the change in ``entry`` left it."""
        values = _values(asset)
        sets = ", ".join(f"{name} = ?" for name in _MOVED)
        self._connection.execute(
            f"UPDATE asset SET {sets}, entry = ? WHERE id = ?",  # noqa: S608 - our columns
            (*(values[name] for name in _MOVED), entry, asset.id),
        )

    def peripherals(self, *, active: bool = True) -> tuple[Peripheral, ...]:
        """The peripherals that are enrolled now, or those that no longer are, in the order of their enrolment."""
        rows = self._connection.execute(
            f"SELECT {_PERIPHERAL}, entry FROM peripheral WHERE active = ? ORDER BY number",  # noqa: S608 - our columns
            (int(active),),
        ).fetchall()
        kind = "peripheral-enrol" if active else "peripheral-remove"
        return tuple(self._peripheral(row, kind) for row in rows)

    def insert_peripheral(self, peripheral: Peripheral, entry: int) -> None:
        """Store a peripheral whose entry has number ``entry``."""
        values = msgspec.structs.asdict(peripheral)
        values["passport"] = canonical(msgspec.to_builtins(peripheral.passport)).decode()
        self._insert("peripheral", {**values, "active": 1, "entry": entry})

    def deactivate_peripheral(self, id_: str, entry: int) -> None:
        """Take a peripheral off the list; its row stays."""
        self._connection.execute("UPDATE peripheral SET active = 0, entry = ? WHERE id = ?", (entry, id_))

    def policy(self) -> StoredPolicy | None:
        """The policy in force, if one was ever used."""
        row = self._connection.execute("SELECT entry, name, text FROM policy ORDER BY entry DESC LIMIT 1").fetchone()
        return None if row is None else self._policy(row)

    def policies(self) -> Iterator[StoredPolicy]:
        """Every policy that was ever used, oldest first."""
        for row in self._connection.execute("SELECT entry, name, text FROM policy ORDER BY entry"):
            yield self._policy(row)

    def _policy(self, row: tuple[int, str, str]) -> StoredPolicy:
        entry, name, text = row
        digest = hashlib.sha256(text.encode()).hexdigest()
        self._recorded(entry, "policy_digest", digest, name, "policy-use")
        (since,) = self._connection.execute(
            "SELECT json_extract(body, '$.at') FROM ledger WHERE seq = ?", (entry,)
        ).fetchone()
        return StoredPolicy(name, text, digest, since)

    def insert_policy(self, name: str, text: str, entry: int) -> None:
        """Store a policy whose entry has number ``entry``; earlier ones stay."""
        self._insert("policy", {"entry": entry, "name": name, "text": text})

    def version(self) -> int:
        """How often the list was changed: assets and peripherals."""
        version: int = self._connection.execute("SELECT coalesce(max(version), 0) FROM list_change").fetchone()[0]
        return version

    def count_change(self, version: int, entry: int) -> None:
        """Note that the change in ``entry`` made the list's ``version``."""
        self._insert("list_change", {"version": version, "entry": entry})

    def _insert(self, table: str, values: dict[str, object]) -> None:
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        self._connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 - our names
            tuple(values.values()),
        )

    def _asset_rows(self, where: str, values: tuple[object, ...]) -> Iterable[tuple[object, ...]]:
        return self._connection.execute(f"SELECT {_ASSET}, entry FROM asset {where}", values)  # noqa: S608 - ours

    def _built(self, row: tuple[object, ...]) -> Asset:
        faces = self._connection.execute(
            "SELECT name, passport FROM fingerprint WHERE asset = ? ORDER BY id", (row[0],)
        ).fetchall()
        fields = dict(zip(_ASSET.split(", "), row[:-1], strict=True))
        try:
            asset = _asset(fields, tuple(Fingerprint(name, PASSPORT.decode(text)) for name, text in faces))
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise ListDiffers(name=row[0], path=self._path) from error
        self._recorded(row[-1], "record_sha256", fingerprint_of(asset), asset.id)
        return asset

    def _peripheral(self, row: tuple[object, ...], kind: str) -> Peripheral:
        fields = dict(zip(_PERIPHERAL.split(", "), row[:-1], strict=True))
        try:
            fields["passport"] = PASSPORT.decode(str(fields["passport"]))
            peripheral = msgspec.convert(fields, Peripheral)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise ListDiffers(name=row[0], path=self._path) from error
        self._recorded(row[-1], "record_sha256", fingerprint_of(peripheral), peripheral.id, kind)
        return peripheral

    def _recorded(self, entry: object, field: str, expected: str, name: str, kind: str | None = None) -> None:
        """See that the entry of a row says the same as the row, and is of that kind.

        Raises:
            ListDiffers: it does not, or there is no such entry.
        """
        row = self._connection.execute(
            "SELECT json_extract(body, '$.' || ?), kind FROM ledger WHERE seq = ?", (field, entry)
        ).fetchone()
        if row is None or row[0] != expected or kind not in (None, row[1]):
            raise ListDiffers(name=name, path=self._path)


def kept(asset: Asset) -> bool:
    """Whether the rows of an asset say all of it, so that it is the same when it is read again."""
    return _asset(_values(asset), asset.fingerprints) == asset


def _asset(columns: dict[str, object], faces: tuple[Fingerprint, ...]) -> Asset:
    """The asset of these columns; a fact that is not there is ``None``, or 0 for the login tool."""
    fields = {name: value for name, value in columns.items() if value is not None}
    if fields.pop("login_tool", None):
        fields["login_tool"] = True
    if "inspect_first" in fields:
        fields["inspect_first"] = True  # the only value that the column takes
    return msgspec.convert({**fields, "fingerprints": faces}, Asset)


def _values(asset: Asset) -> dict[str, object]:
    """The columns of an asset; ``None`` for what is not there."""
    values = {n: None if v is msgspec.UNSET else v for n, v in msgspec.structs.asdict(asset).items()}
    del values["fingerprints"]
    back = asset.back_to
    return {**values, "state": str(asset.state), "back_to": str(back) if isinstance(back, Custody) else None}
