"""An entry as it is told to others: the Linux audit log, the journal, syslog. Each form as pure bytes.

Everything is bounded, and nothing that a device, a file or a person chose can end a line, close a quotation or open
another field. docs/telling.md lists the fields.
"""

import hashlib
import re
from collections.abc import Mapping

import msgspec

from usbguard_py.core.text import MAX_STRING, escaped

MAX_VALUE = 1024  # characters of one field
MAX_NAME = 64  # characters of a port or an account in an audit record
MAX_AUDIT = 4096  # bytes; the kernel cuts off at 8560 (AUDIT_MESSAGE_TEXT_MAX, include/uapi/linux/audit.h)
FACILITY = 10  # authpriv, RFC 5424, table 1
NOBODY = 32473  # RFC 5612: a number that is nobody's; docs/adr/0222-structured-data-under-a-number-of-nobody.md
ALERT, ERROR, WARNING, NOTICE, INFO = 1, 3, 4, 5, 6  # severities, RFC 5424, table 2

# include/uapi/linux/audit.h
USER_DEVICE, SYSTEM_CONFIG, TRUSTED_APPLICATION = 1137, 1111, 1121

# What is told of a body, in this order; other fields stay in the ledger, where ``seq`` leads.
NAMES = (
    *("outcome", "code", "allow", "name", "usb_id", "serial", "serial_hex", "manufacturer", "product", "asset"),
    *("peripheral", "holder", "unit", "facet", "expected", "seen", "of", "count", "total", "asked", "request", "role"),
    *("reason", "document", "detail", "why", "policy", "policy_digest", "list_version", "enforce", "fail_safe"),
    *("version", "lost", "works", "from", "to", "seconds", "step_ms", "proposal", "first", "last", "level"),
)
_DEVICE = {"decision", "outcome", "cut", "removed", "repeated", "unenumerated", "drift", "maintenance"}
_CONFIG = ("list-", "proposal", "peripheral-", "policy-", "floor-", "drivers-", "examination-")
_SERIOUS = {"events-lost", "gap", "clock-step", "disk", "sink"}
_REFUSED = {"blocked", "cut", "would-block"}


class Note(msgspec.Struct, frozen=True):
    """What is told of one entry. ``seq`` is 0 and ``hash`` empty while the ledger takes nothing."""

    kind: str
    seq: int
    at: str
    hash: str
    severity: int
    refused: bool  # a device or a request was; or what was begun failed
    fields: Mapping[str, str]


def note(kind: str, seq: int, at: str, digest: bytes, body: Mapping[str, object]) -> Note:
    """What is told of the entry ``seq`` with these fields; ``at`` is RFC 3339, ``digest`` its hash."""
    said = {name: text for name in NAMES if (text := _text(body.get(name)))}
    by = body.get("by")
    if isinstance(by, Mapping):
        said |= {name: text for name in ("user", "login") if (text := _text(by.get(name)))}
    elif by:
        said["user"] = _text(by)
    outcome = str(body.get("outcome") or "")
    refused = outcome in _REFUSED or outcome == "failed" or kind in {"refused", "unenumerated"}
    refused |= kind == "decision" and body.get("allow") is False
    return Note(kind, seq, at, digest.hex(), _severity(kind, body, refused=refused), refused, said)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return _line(str(value)[:MAX_VALUE]) if isinstance(value, str | int) else ""


def _severity(kind: str, body: Mapping[str, object], *, refused: bool) -> int:
    if body.get("alarm") or body.get("fail_safe"):
        return ALERT
    if kind in _SERIOUS or body.get("outcome") == "failed":
        return ERROR
    if refused:
        return WARNING
    return NOTICE if kind.startswith(_CONFIG) or kind in {"start", "stop"} else INFO


def message_id(kind: str) -> str:
    """The journal's MESSAGE_ID of a kind: 128 bits in hex, the same for ever (sd_journal_print(3))."""
    return hashlib.sha256(f"usbguard-py/{kind}".encode()).hexdigest()[:32]


def journal(told: Note, message: str) -> bytes:
    """The datagram for journald (systemd.io/JOURNAL_NATIVE_PROTOCOL).

    A value with a line end goes with its length before it; nothing of it is read as a field.
    """
    fields = {
        "MESSAGE": _line(message),
        "PRIORITY": str(told.severity),
        "SYSLOG_FACILITY": str(FACILITY),
        "SYSLOG_IDENTIFIER": "usbguard-py",
        "MESSAGE_ID": message_id(told.kind),
        "USBGUARD_PY_KIND": told.kind,
        "USBGUARD_PY_SEQ": str(told.seq),
        "USBGUARD_PY_AT": told.at,
        "USBGUARD_PY_HASH": told.hash,
        **{f"USBGUARD_PY_{'PORT' if n == 'name' else n.upper()}": value for n, value in told.fields.items()},
    }
    return b"".join(_journal_field(name, value) for name, value in fields.items() if value)


def _journal_field(name: str, value: str) -> bytes:
    data = value.encode()
    if b"\n" not in data:
        return name.encode() + b"=" + data + b"\n"
    return name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"


def syslog(told: Note, message: str, host: str, pid: int) -> bytes:
    """The datagram for syslog, RFC 5424; what could end a line is escaped as in everything else that is shown."""
    parameters = {
        "seq": str(told.seq),
        "hash": told.hash,
        **{("port" if n == "name" else n): value for n, value in told.fields.items()},
    }
    data = " ".join(f'{name}="{_parameter(value)}"' for name, value in parameters.items() if value)
    name = "".join(c for c in host if "!" <= c <= "~")[:255] or "-"
    head = f"<{FACILITY * 8 + told.severity}>1 {told.at} {name} usbguard-py {pid} {told.kind[:32]}"
    text = f"{head} [usbguard-py@{NOBODY} {data}] ".encode() + b"\xef\xbb\xbf" + _line(message).encode()
    return text.replace(b"\0", b"")


def _parameter(value: str) -> str:
    """RFC 5424, 6.3.3: these three are escaped; line ends may stand there and never do."""
    return "".join(f"\\{c}" if c in '"\\]' else c for c in _line(value))


def _line(value: str) -> str:
    r"""One line: what cannot be seen as ``\u{HEX}``; quotation marks and backslashes stay."""
    if value.isascii() and value.isprintable():
        return value
    return "".join(c if c in _KEPT else escaped(c.encode(errors="surrogatepass")) for c in value)


_KEPT = set(" \\\"'`<>&|=+-@")


def audit_type(kind: str) -> int:
    """The type of the audit record: about a device, about what is configured, about the judge itself."""
    if kind in _DEVICE:
        return USER_DEVICE
    return SYSTEM_CONFIG if kind.startswith(_CONFIG) else TRUSTED_APPLICATION


def audit(told: Note, exe: str) -> bytes:
    """The text of the audit record, as libaudit writes them: ``op=… device=… exe=… res=success``.

    What another chose is quoted when it is plain and hex when it is not: the kernel puts the text between apostrophes
    and looks at nothing in it.
    """
    fields = dict(told.fields)
    device, serial = fields.pop("name", ""), fields.pop("serial_hex", "")
    fields.pop("serial", None)
    parts = [f"op={told.kind}", *([f"device={_untrusted(device[:MAX_NAME])}"] if device else [])]
    if serial:
        raw = bytes.fromhex(serial[: 2 * MAX_STRING])
        parts.append(f"serial={_encoded(raw)}")
    acct = fields.pop("login", "") or fields.pop("user", "")
    result = "failed" if told.refused else "success"
    tail = [f"exe={_untrusted(exe)}", "hostname=?", "addr=?", "terminal=?", f"res={result}"]
    if acct:
        parts.append(f"acct={_untrusted(acct[:MAX_NAME])}")
    parts += [f"seq={told.seq}", *([f"hash={told.hash}"] if told.hash else [])]
    room = MAX_AUDIT - len(" ".join([*parts, *tail])) - 1
    for name, value in fields.items():
        text = f"{name}={_untrusted(value)}"
        if len(text) < room:
            parts.append(text)
            room -= len(text) + 1
    return " ".join([*parts, *tail]).encode("ascii")


_QUOTABLE = re.compile(rb"[!#-&(-~]+")  # visible ASCII without quotation mark and apostrophe


def _untrusted(value: str) -> str:
    return _encoded(value.encode(errors="surrogatepass"))


def _encoded(raw: bytes) -> str:
    """As libaudit's ``audit_encode_value``; an apostrophe, which ends the kernel's own quotation, is hex as well."""
    if _QUOTABLE.fullmatch(raw):
        return f'"{raw.decode("ascii")}"'
    return raw.hex().upper() or "?"
