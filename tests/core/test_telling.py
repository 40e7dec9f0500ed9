"""What is told to audit, journal and syslog, read back by parsers of their own: no text of anybody becomes a field."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py.cli.words import KINDS
from usbguard_py.core import record
from usbguard_py.core.telling import (
    MAX_AUDIT,
    NAMES,
    Note,
    audit,
    audit_type,
    journal,
    message_id,
    note,
    syslog,
)
from usbguard_py.core.text import escaped
from usbguard_py.i18n import speaking, translate
from usbguard_py.telling import message

AT = "2026-11-22T07:23:22.000+07:00"
NASTY = ("\n", "\0", "\x1b[2J", "'", '"', "]", "[", "\\", "\u202e", " res=success ", "=", "e\u0301", "\u2028", "\udc80")
texts = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=8)), max_size=12).map("".join)
bodies = st.builds(
    lambda raw, free, by, allow: {
        **dict.fromkeys(("reason", "holder", "detail", "document", "name", "usb_id"), free),
        "serial": escaped(raw),
        "serial_hex": raw.hex(),
        "allow": allow,
        "code": "NOT_LISTED",
        "by": {"user": by, "login": by},
    },
    st.one_of(st.binary(max_size=40), texts.map(lambda t: t.encode(errors="surrogatepass"))),
    texts,
    texts,
    st.booleans(),
)
notes = st.builds(
    lambda kind, body: (note(kind, 7, AT, bytes(32), body), body),
    st.sampled_from(["decision", "list-add", "alarm", "start"]),
    bodies,
)


def fields_of_journal(data: bytes) -> list[tuple[str, bytes]]:
    """By the text of the native protocol, and by nothing of ours."""
    found = []
    while data:
        line, _, rest = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            size = int.from_bytes(rest[:8], "little")
            value, rest = rest[8 : 8 + size], rest[9 + size :]
        assert re.fullmatch(rb"[A-Z][A-Z0-9_]{0,63}", name)
        found.append((name.decode(), value))
        data = rest
    return found


def fields_of_syslog(data: bytes) -> tuple[dict[str, str], str]:
    """By the grammar of RFC 5424, section 6: the parameters and the message."""
    head = re.match(rb"<(\d{1,3})>1 (\S+) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) \[(\S{1,32}) ", data)
    assert head is not None
    place, found = head.end(), {}
    while True:
        parameter = re.match(rb'([!#-<>-\\^-~]{1,32})="((?:[^"\\\]]|\\.)*)"( |\])', data[place:], re.DOTALL)
        assert parameter is not None, data[place:]
        name = parameter[1].decode()
        assert name not in found
        found[name] = re.sub(r'\\(["\\\]])', r"\1", parameter[2].decode())
        place += parameter.end()
        if parameter[3] == b"]":
            break
    assert data[place : place + 4] == b" \xef\xbb\xbf"
    return found, data[place + 4 :].decode()


def fields_of_audit(data: bytes) -> dict[str, bytes]:
    """Words with blanks between them, quoted or hex where another may have chosen them."""
    found: dict[str, bytes] = {}
    for part in data.split(b" "):
        name, equals, value = part.partition(b"=")
        assert equals
        assert name.decode() not in found
        if value.startswith(b'"'):
            assert re.fullmatch(rb'"[!#-&(-~]+"', value)
            found[name.decode()] = value[1:-1]
        else:
            found[name.decode()] = value
    return found


@given(notes)
def test_the_journal_reads_back_what_was_told(told: tuple[Note, dict[str, Any]]) -> None:
    known, body = told
    found = fields_of_journal(journal(known, message(known, body)))
    names = [name for name, _ in found]
    assert len(names) == len(set(names))
    values = {name: value.decode() for name, value in found}
    assert values["USBGUARD_PY_SEQ"] == "7"
    assert values.get("USBGUARD_PY_SERIAL", "") == body["serial"]
    assert {n for n in names if not n.startswith("USBGUARD_PY_")} == {
        *("MESSAGE", "PRIORITY", "SYSLOG_FACILITY", "SYSLOG_IDENTIFIER", "MESSAGE_ID")
    }
    assert all(value.isprintable() for value in values.values())


@given(notes, texts)
def test_syslog_reads_back_what_was_told(told: tuple[Note, dict[str, Any]], host: str) -> None:
    known, body = told
    found, text = fields_of_syslog(syslog(known, message(known, body), host, 5))
    assert found["seq"] == "7"
    assert found.get("serial", "") == body["serial"]
    assert found.keys() <= {"seq", "hash", "port", "user", "login", *NAMES}
    assert text.isprintable()


@given(notes)
def test_audit_reads_back_what_was_told(told: tuple[Note, dict[str, Any]]) -> None:
    """One record: no apostrophe, no control, one result, and the serial as the device sent it."""
    known, body = told
    data = audit(known, "/usr/bin/python3")
    assert len(data) <= MAX_AUDIT
    assert b"'" not in data
    assert all(0x20 <= byte <= 0x7E for byte in data)
    found = fields_of_audit(data)
    assert found["res"] == (b"failed" if known.refused else b"success")
    serial = bytes.fromhex(body["serial_hex"])
    assert found.get("serial", b"") in (serial, serial.hex().upper().encode())
    assert next(iter(found)) == "op"


def test_a_long_record_of_audit_keeps_its_result() -> None:
    body: dict[str, object] = dict.fromkeys(NAMES, "ô" * 2000)
    data = audit(note("decision", 1, AT, bytes(32), {**body, "serial_hex": "ff" * 378}), "/x")
    assert len(data) <= MAX_AUDIT
    assert data.endswith(b"res=success")


@pytest.mark.parametrize(
    ("kind", "body", "severity", "refused", "type_"),
    [
        ("decision", {"outcome": "blocked", "allow": False}, 4, True, 1137),
        ("decision", {"outcome": "blocked", "allow": False, "alarm": True}, 1, True, 1137),
        ("decision", {"allow": True}, 6, False, 1137),
        ("outcome", {"outcome": "failed"}, 3, True, 1137),
        ("removed", {"allow": False}, 6, False, 1137),
        ("list-add", {}, 5, False, 1111),
        ("policy-use", {}, 5, False, 1111),
        ("refused", {}, 4, True, 1121),
        ("start", {"fail_safe": "x"}, 1, False, 1121),
        ("events-lost", {}, 3, False, 1121),
    ],
)
def test_how_serious_an_entry_is(kind: str, body: dict[str, object], severity: int, refused: bool, type_: int) -> None:
    told = note(kind, 1, AT, b"", body)
    assert (told.severity, told.refused, audit_type(kind)) == (severity, refused, type_)


def test_ids_of_messages_stay() -> None:
    """Somebody filters by them: docs/telling.md names how they are made, and these two."""
    assert message_id("decision") == "52c006151f84f1161db51118da233c45"
    assert len({message_id(kind) for kind in ("decision", "outcome", "cut")}) == 3


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_told_in_words(kind: str, language: str) -> None:
    body = {**record.alarm("judge", "no answer before the deadline"), "code": "NOT_LISTED", "by": "canbo"}
    with speaking(language):
        said = message(note(kind, 3, AT, b"", body), body)
        assert said.startswith(f"{translate(KINDS[kind])}; judge; ")
    assert "canbo" in said
    assert "no answer before" not in said or language == "en"
