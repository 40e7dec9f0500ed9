"""A body of the ledger without names: what stays is named here, everything else becomes a word that stands for it."""

from collections.abc import Mapping

KEPT = frozenset(
    {
        *("seq", "kind", "at", "mono_ms", "boot", "late", "happened_at", "name", "devnum", "busnum", "usb_id", "code"),
        *("allow", "outcome", "asset", "peripheral", "bcd_device", "speed", "interfaces", "descriptors", "facet"),
        *("gate", "gates", "status", "granted", "alarm", "policy", "policy_digest", "list_version", "of", "authorized"),
        *(
            "configuration",
            "gone",
            "interfaces_now",
            "driver",
            "ms",
            "media_listed",
            "access",
            "login_tool",
            "was_open",
        ),
        *("count", "removals", "total", "first_at", "last_at", "ended", "kernel_ms", "version", "schema", "enforce"),
        *("kernel_parameter", "kernel_log", "gap", "from", "to", "last_seq", "last_boot", "clean", "seconds", "since"),
        *("step_ms", "verb", "proposal", "proposes", "until", "list_sha256", "restored", "role", "request", "parts"),
        *("first", "last", "level", "free_mib", "total_mib", "lost", "works", "more_before", "rows", "line", "changes"),
        *("type", "class", "seat", "active", "remote", "lun", "interface", "capacity", "number", "redacted", "id"),
    }
)
PERSONS = frozenset({"holder", "user", "login", "proposed_by", "by", "behind", "unit", "added_by"})
ACCOUNTS = frozenset({"uid", "login_uid", "gid", "person", "pid"})
SERIALS = frozenset({"serial", "printed_serial", "electronic_serial"})
PAPERS = frozenset({"document"})
WHOLE = frozenset({"record", "changed", "face", "held", "import", "evidence", "media", "machines"})
REDACTED = "redacted"


class Redaction:
    """Words for what is replaced; the same for the same value, as long as entries come in the order of the log."""

    def __init__(self) -> None:
        self._words: dict[str, dict[object, str]] = {}

    def body(self, body: Mapping[str, object]) -> dict[str, object]:
        """A body with words in place of names."""
        return {name: self._field(name, value) for name, value in body.items() if not name.endswith("_hex")}

    def _field(self, name: str, value: object) -> object:
        if name in WHOLE:
            return REDACTED if value else value
        if isinstance(value, Mapping):
            return self.body(value)
        if isinstance(value, list | tuple):
            return [self._field(name, item) for item in value]
        if value in ("", None) or isinstance(value, bool):
            return value
        if name in ACCOUNTS:
            return self._word("ACCOUNT", value)
        if isinstance(value, int) or name in KEPT:
            return value
        return self._word(_class(name), value)

    def _word(self, kind: str, value: object) -> str:
        known = self._words.setdefault(kind, {})
        return known.setdefault(value, f"{kind}-{len(known) + 1:04}")


def _class(name: str) -> str:
    if name in PERSONS:
        return "PERSON"
    if name in SERIALS:
        return "SERIAL"
    return "PAPER" if name in PAPERS else "TEXT"
