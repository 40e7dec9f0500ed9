"""What the ledger says about a change to the list, the peripherals or the policy.

Each body holds who, why, the paper, from and to. ``record`` is the whole row after the change and
``record_sha256`` its digest: the list can be checked against the ledger row by row.
"""

from collections.abc import Mapping

import msgspec

from usbguard_py.core.canonical import digest
from usbguard_py.core.custody import changed
from usbguard_py.core.record import MAX_TEXT, Body, bounded
from usbguard_py.core.text import escaped
from usbguard_py.core.whitelist import Asset, Peripheral

STAMPS = ("id", "added_at", "added_by", "changed_at")  # of the list that an imported asset comes from
By = Mapping[str, object] | str


def kind_of(verb: str) -> str:
    """The kind of entry for a move."""
    return "list-revoke" if verb == "revoke" else "list-state"


def fields(value: Asset | Peripheral) -> Body:
    """A row of the list as plain values: what ``record_sha256`` covers."""
    plain: Body = msgspec.to_builtins(value)
    return plain


def fingerprint_of(value: Asset | Peripheral) -> str:
    """SHA-256 in hex of the canonical bytes of a row of the list."""
    return digest(fields(value))


def who(by: By) -> Body:
    """Who made a change, as an object."""
    return {"user": bounded(by)} if isinstance(by, str) else dict(by)


def shown_serial(hexadecimal: str | None) -> str:
    """A serial that is kept in hex, as it is shown."""
    return escaped(bytes.fromhex(hexadecimal or ""))


def asset_added(asset: Asset, list_version: int, by: By, imported: Body | None = None) -> Body:
    """Kind ``list-add``; ``imported`` says of which import it is part, and what was noted elsewhere."""
    return {
        **_asset(asset, list_version, by),
        "document": bounded(asset.document),
        "to": str(asset.state),
        "from": None,
        "record": fields(asset),
        **({"import": imported} if imported else {}),
    }


def row_imported(asset: Asset, line: int, entry: int, reason: str, document: str) -> Body:
    """``import`` in the entry of an asset: line of the file, entry of the import, why, the stamps of its old list."""
    return {
        "line": line,
        "of": entry,
        "reason": bounded(reason),
        "document": bounded(document),
        **{name: bounded(value) for name in STAMPS if (value := getattr(asset, name))},
    }


def imported(rows: int, new: int, list_version: int, sha256: str, by: By, *, reason: str, document: str) -> Body:
    """Kind ``list-import``: a file of ``rows`` rows, of which ``new`` come onto the list of ``list_version``."""
    return {
        "count": new,
        "rows": rows,
        "list_version": list_version,
        "sha256": sha256,
        "reason": bounded(reason),
        "document": bounded(document),
        "by": who(by),
    }


def list_exported(count: int, list_version: int, sha256: str, by: By) -> Body:
    """Kind ``list-export``: ``count`` assets of the list of ``list_version`` were written to a file."""
    return {"count": count, "list_version": list_version, "sha256": sha256, "by": who(by)}


def face_learnt(asset: Asset, list_version: int, by: By, document: str) -> Body:
    """Kind ``list-learn``: the last fingerprint of ``asset`` was added to it."""
    return {
        **_asset(asset, list_version, by),
        "document": bounded(document),
        "face": bounded(asset.fingerprints[-1].name),
        "record": fields(asset),
    }


def asset_moved(
    before: Asset, after: Asset, list_version: int, by: By, *, verb: str, reason: str, document: str
) -> Body:
    """Kinds ``list-revoke`` and ``list-state``: a move (:mod:`usbguard_py.core.custody`), with each fact it changed."""
    return {
        **_asset(after, list_version, by),
        "verb": verb,
        "document": bounded(document),
        "reason": bounded(reason),
        "from": str(before.state),
        "to": str(after.state),
        "changed": changed(before, after),
    }


def proposed(number: int, body: Body) -> Body:
    """The body of a change that a second person approved: it names the proposal. Any other stays as it is."""
    return {**body, "proposal": number} if number else body


def _asset(asset: Asset, list_version: int, by: By) -> Body:
    return {
        "asset": asset.id,
        "holder": bounded(asset.holder),
        "unit": bounded(asset.unit),
        "serial": bounded(shown_serial(asset.electronic_serial)),
        "printed_serial": bounded(asset.printed_serial),
        "record_sha256": fingerprint_of(asset),
        "list_version": list_version,
        "by": who(by),
    }


def peripheral_enrolled(peripheral: Peripheral, list_version: int, by: By) -> Body:
    """Kind ``peripheral-enrol``."""
    return {**_peripheral(peripheral, list_version, by), "record": fields(peripheral)}


def peripheral_removed(peripheral: Peripheral, reason: str, document: str, list_version: int, by: By) -> Body:
    """Kind ``peripheral-remove``."""
    body = _peripheral(peripheral, list_version, by)
    return {**body, "reason": bounded(reason), "document": bounded(document)}


def _peripheral(peripheral: Peripheral, list_version: int, by: By) -> Body:
    return {
        "peripheral": peripheral.id,
        "name": peripheral.port,
        "serial": bounded(shown_serial(peripheral.passport.serial)),
        "document": bounded(peripheral.document),
        "record_sha256": fingerprint_of(peripheral),
        "list_version": list_version,
        "by": who(by),
    }


def policy_used(
    name: str, digest_: str, before: str, origin: str, by: By, *, enforce: bool, trial: Body | None = None
) -> Body:
    """Kind ``policy-use``; ``before`` and ``digest_`` are the digests of the old and the new text, in hex.

    ``enforce``: whether decisions are carried out from now on, or only recorded. ``trial``: ``confirm_within_ms`` of
    one that a person has to confirm, or ``lapsed``, the number of the entry of one that nobody confirmed.
    """
    return {
        **(trial or {}),
        "enforce": enforce,
        "policy": bounded(name, MAX_TEXT),
        "policy_digest": digest_,
        "from": before or None,
        "to": digest_,
        "origin": bounded(origin),
        "by": who(by),
    }
