#!/usr/bin/env python3
"""Verifies a log that usbguard-py exported, on any computer with Python 3.8 or newer and nothing else.

usage: verify-log.py [FILE] [--seal CODE]... [--earlier FILE] [--lang vi|en] [--json]

Several FILEs are verified one after the other; --earlier names one that was exported from the same log before. Without
FILE: the exported logs that lie beside this program. Seal codes are asked for on a terminal when none is
given. It reads and changes nothing. Exit codes: 0 intact; 1 not intact, or not what was sealed; 64 called wrongly; 65
not readable as an exported log, or a code that was copied wrong.

Written from docs/ledger-format.md of usbguard-py; nothing of the product is used, so that both can be held against
each other.
"""

import argparse
import base64
import glob
import hashlib
import json
import locale
import os
import subprocess
import sys
import tempfile
import unicodedata
from datetime import datetime
from typing import IO, Any, Dict, Iterable, Iterator, List, Optional, Set, Tuple

DOMAIN = b"usbguard-py/ledger/1\0"
GENESIS = bytes(32)
BODY, HASH, END, DATA = b'{"body":', b',"hash":"', b'"}\n', b'{"data":'
TAIL = len(HASH) + 64 + len(END)
LONGEST = 2 * 1024 * 1024 + 256  # bytes of a line
RECENT = 256  # a checkpoint signs one of so many records before it
PROBE_KEY = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
PROBE_SIGNATURE = bytes.fromhex(  # by the key of RFC 8032, 7.1, TEST 1, over b"" as a checkpoint is signed
    "467c8e0f9094af86c04c0290955a775d4bbc3c21f19e7b195093024edc6739c3"
    "2da0103793f7d728c29764e66e5c3e1a907345a7ecc3de41f87ea5f0a88e6f08"
)
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

Row = Tuple[int, bytes, bytes]  # number, body, hash
Seal = Tuple[str, int, int, int]  # code, number, bits of the ledger's identity, bits of the hash

# Vietnamese, English.
TEXTS = {
    "intact": (
        "NHẬT KÝ TOÀN VẸN: {count} bản ghi, từ {first} đến {last}.",
        "LOG INTACT: {count} records, from {first} to {last}.",
    ),
    "empty": ("NHẬT KÝ TOÀN VẸN, nhưng không có bản ghi nào.", "LOG INTACT, with no record in it."),
    "head": ("Mã băm cuối: {head}", "Last hash: {head}"),
    "code": ("Mã niêm phong của bản ghi cuối: {code}", "Seal code of the last record: {code}"),
    "broken": (
        "NHẬT KÝ KHÔNG TOÀN VẸN: sai từ bản ghi {record}: {why}.",
        "LOG NOT INTACT from record {record}: {why}.",
    ),
    "keep": (
        "→ Giữ nguyên máy và tệp, báo cán bộ bảo vệ bí mật nhà nước. Nếu tệp đã được sao chép, hãy sao chép lại và "
        "kiểm tra lại trước.",
        "→ Keep the machine and the file as they are and report to the security officer. If the file was copied, copy "
        "and verify it again first.",
    ),
    "edited": ("nội dung hoặc mã băm đã bị sửa về sau", "its content or hash was changed afterwards"),
    "unreadable": ("không đọc được bản ghi này", "it cannot be read"),
    "replaced": ("bản ghi {other} nằm ở vị trí của nó", "record {other} stands in its place"),
    "removed": ("thiếu các bản ghi từ {record} đến {other}", "records {record} to {other} are missing"),
    "inserted": (
        "bản ghi này được chèn thêm về sau, hoặc bản ghi {other} bị lặp lại ở đây",
        "it was inserted afterwards, or record {other} stands here once more",
    ),
    "reordered": (
        "thứ tự các bản ghi đã bị đổi; bản ghi {other} nằm ở vị trí của nó",
        "records were put into another order; record {other} stands in its place",
    ),
    "times": (
        "theo đồng hồ không ai chỉnh được, bản ghi này cũ hơn bản ghi đứng trước",
        "by the clock that nobody can set it is older than the record before it",
    ),
    "truncated": (
        "phần cuối bị cắt bỏ; thiếu các bản ghi từ {record} đến {other}",
        "the end was cut off; records {record} to {other} are missing",
    ),
    "end": (
        "tệp kết thúc ở bản ghi {record} nhưng dòng đầu nêu bản ghi {other}",
        "the file ends with record {record}, but its first line names {other}",
    ),
    "evidence": (
        "chứng cứ {digest} lưu kèm bị sửa, bị thiếu hoặc không thuộc bản ghi nào",
        "stored evidence {digest} was changed, is missing, or belongs to no record",
    ),
    "line": ("Dòng {line} của tệp không đọc được: {what}.", "Line {line} of the file cannot be read: {what}."),
    "no log": ("đây không phải nhật ký do usbguard-py xuất", "this is no log that usbguard-py exported"),
    "no evidence": ("không phải bản ghi cũng không phải chứng cứ", "neither a record nor evidence"),
    "first line": ("dòng đầu không khớp với phần sau", "the first line does not agree with what follows"),
    "no file": ("Không mở được tệp {name}: {what}.", "The file {name} cannot be opened: {what}."),
    "none": (
        "Không có nhật ký đã xuất (.jsonl) nào nằm cùng thư mục với chương trình này. Nêu tên tệp: verify-log.py TỆP",
        "No exported log (.jsonl) lies beside this program. Name the file: verify-log.py FILE",
    ),
    "ask": (
        "Mã niêm phong ghi trên biên bản (bấm Enter nếu không có): ",
        "Seal code from the paper (Enter when there is none): ",
    ),
    "leave": ("Bấm Enter để kết thúc. ", "Press Enter to end. "),
    "seal group": (
        "Mã niêm phong chép chưa đúng: nhóm {group}, “{text}”. Đối chiếu nhóm đó với biên bản, từng ký tự một.",
        "The seal code was not copied right: group {group}, “{text}”. Compare that group with the paper, character by "
        "character.",
    ),
    "seal count": (
        "Mã niêm phong có {count} ký tự, phải có 40 (8 nhóm, mỗi nhóm 5 ký tự).",
        "The seal code has {count} characters in place of 40 (8 groups of 5).",
    ),
    "holds": (
        "MÃ NIÊM PHONG {code} ĐÚNG: bản ghi {record} lúc {at} và mọi bản ghi trước đó vẫn nguyên như khi niêm phong.",
        "SEAL {code} HOLDS: record {record} of {at}, and every record before it, is as it was sealed.",
    ),
    "other-ledger": (
        "MÃ NIÊM PHONG CỦA NHẬT KÝ KHÁC: {code} được lập trên máy khác, hoặc nhật ký đã bị thay bằng nhật ký khác.",
        "SEAL OF ANOTHER LOG: {code} was made on another computer, or the log was replaced by another one.",
    ),
    "rolled-back": (
        "THIẾU BẢN GHI: mã {code} lập tại bản ghi {record}, nhưng nhật ký chỉ có đến bản ghi {last}. Phần cuối đã bị "
        "cắt bỏ, hoặc nhật ký đã bị thay bằng bản sao cũ hơn.",
        "RECORDS ARE MISSING: {code} is for record {record}, and the log ends with record {last}. Its end was cut off, "
        "or an older copy was put in its place. A log that was exported before the seal was made ends earlier, too.",
    ),
    "rewritten": (
        "NHẬT KÝ ĐÃ BỊ SỬA SAU KHI NIÊM PHONG: theo mã {code}, bản ghi {record} không còn như khi niêm phong; chỗ bị "
        "sửa nằm trong khoảng từ bản ghi {after} đến bản ghi {record}.",
        "LOG CHANGED AFTER IT WAS SEALED: by {code}, record {record} is not the one that was sealed; the change lies "
        "between record {after} and record {record}.",
    ),
    "slip": (
        "→ Chỉ có nhóm {group} là khác; với nhật ký này, nhóm đó là {there}. Nhiều khả năng mã đã bị chép sai.",
        "→ Only group {group} differs; for this log it would be {there}. Most likely the code was written down wrong.",
    ),
    "no seal": (
        "Chưa đối chiếu với mã niêm phong nào: người có quyền quản trị máy có thể viết lại toàn bộ nhật ký, và chỉ mã "
        "ghi trên giấy mới cho thấy điều đó.",
        "No seal was compared: who has the computer's administrator rights can write a whole log anew, and only a code "
        "on paper shows that.",
    ),
    "not signed": (
        "chữ ký trong bản ghi này không phải cho bản ghi đứng trước nó",
        "what it signs is not the record that stands before it",
    ),
    "bad signature": (
        "chữ ký số của bản ghi này không phải do khóa đã nêu tạo ra",
        "its signature was not made with the key that it names",
    ),
    "signed": (
        "Đã ký số đến bản ghi {record} bằng khóa {key}; chữ ký đúng.",
        "Signed up to record {record} with the key {key}; the signature is good.",
    ),
    "unchecked": (
        "Đã ký số đến bản ghi {record} bằng khóa {key}; CHƯA KIỂM TRA CHỮ KÝ: máy này không có openssl hay ssh-keygen.",
        "Signed up to record {record} with the key {key}; NOT CHECKED: there is neither openssl nor ssh-keygen here.",
    ),
    "unsigned": ("Không bản ghi nào được ký số.", "No record of it is signed."),
    "moved": (
        "Từ bản ghi {record} lúc {at}, nhật ký được ghi trên máy khác hoặc hệ điều hành đã được cài lại.",
        "From record {record} of {at} on it was written on another computer, or the system was installed anew.",
    ),
    "coverage": (
        "Thời gian kiểm soát có hiệu lực: {percent} % của {counted}; không tính {off} máy tắt hoặc ngủ.",
        "Coverage: enforcement was in force for {percent} % of {counted}; {off} switched off or asleep not counted.",
    ),
    "gap": ("  không kiểm soát: từ {begin} đến {end} ({length}): {why}", "  gap: {begin} to {end} ({length}): {why}"),
    "more": ("  và {count} khoảng khác", "  and {count} more"),
    "outside": (
        "Không ai biết được máy có được khởi động bằng hệ điều hành khác trong lúc hệ thống này tắt hay không.",
        "Whether another system was started on the machine while this one was off, nobody can tell.",
    ),
}
GAPS = {
    "before": ("dịch vụ chưa được khởi động lần nào", "the daemon had never been started"),
    "starting": ("máy đang khởi động", "the machine was starting"),
    "starting-open": ("máy đang khởi động, nhân hệ điều hành chưa chặn", "the machine was starting, not yet closed"),
    "stopped": ("dịch vụ đã bị dừng", "the daemon had been stopped"),
    "died": ("dịch vụ đã chết", "the daemon had died"),
    "observe": ("chỉ theo dõi, không chặn", "observing only"),
    "open": ("không đóng được mặc định của nhân hệ điều hành", "a default of the kernel was open"),
    "events-lost": ("mất sự kiện", "events were lost"),
    "unknown": ("không rõ", "not known"),
}
SHOWN_GAPS = 20


class Broken(Exception):
    """The log is not intact: the word for what was done, the first bad record, and what to say."""

    def __init__(self, word: str, record: int, why: str, **facts: Any) -> None:
        super().__init__(word, record)
        self.word, self.record, self.why, self.facts = word, record, why, facts


class Unreadable(Exception):
    """Not an exported log, or a code that is none: a key of ``TEXTS`` and its facts."""

    def __init__(self, key: str, **facts: Any) -> None:
        super().__init__(key)
        self.key, self.facts = key, facts


def line_broken(line: int, what: str) -> Unreadable:
    """A line of the file that cannot be read."""
    return Unreadable("line", line=line, what=Words(what))


class Words(str):
    """A key of ``TEXTS`` among the facts of another one."""

    __slots__ = ()


def link(previous: bytes, body: bytes) -> bytes:
    """The hash of the record with ``body`` that follows the one with the hash ``previous``."""
    return hashlib.sha256(DOMAIN + previous + body).digest()


def raw(digits: str) -> Optional[bytes]:
    """The bytes of lower-case hex digits; nothing for any other text."""
    try:
        found = bytes.fromhex(digits)
    except ValueError:
        return None
    return found if found.hex() == digits else None


def canonical(value: Dict[str, Any]) -> bytes:
    """An object of texts and numbers as it is written in the file, with the end of the line."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8") + b"\n"


def parsed(data: bytes) -> Optional[Dict[str, Any]]:
    """A JSON object; nothing when it is none."""
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def number_of(body: bytes, otherwise: int) -> int:
    """The number that a record calls itself."""
    value = (parsed(body) or {}).get("seq")
    return value if type(value) is int else otherwise


class File:
    """An open exported log: its first line, then records, then evidence."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.line, self.number = file, file.readline(LONGEST), 1
        header = parsed(self.line) or {}
        texts, numbers = ("format", "head", "ledger"), ("evidence", "first", "last", "version")
        right = set(header) == {*texts, *numbers} and all(isinstance(header[n], str) for n in texts)
        right = right and all(type(header[n]) is int for n in numbers) and canonical(header) == self.line
        known = right and (header["format"], header["version"], header["first"]) == ("usbguard-py-ledger", 1, 1)
        self.head = raw(header["head"]) if known else None
        if self.head is None:
            raise line_broken(1, "no log")
        self.last, self.ledger, self.pieces = header["last"], header["ledger"], header["evidence"]

    def next(self) -> bytes:
        """The next line."""
        self.line = self.file.readline(LONGEST)
        self.number += 1
        return self.line

    def records(self) -> Iterator[Row]:
        """Number, body and hash of each record as they stand there."""
        seq = 0
        while self.next() and not self.line.startswith(DATA):
            line = self.line
            if not (line.startswith(BODY) and line.endswith(END) and line[-TAIL:].startswith(HASH)):
                if line.endswith(b"\n") or len(line) == LONGEST:
                    raise Broken("edited", seq + 1, "unreadable")
                raise Broken("truncated", seq + 1, "truncated", other=max(seq + 1, self.last))
            body = line[len(BODY) : -TAIL]
            seq = number_of(body, seq + 1)
            digest = raw(line[-TAIL + len(HASH) : -len(END)].decode("latin-1"))
            if digest is None:
                raise Broken("edited", seq, "unreadable")
            yield seq, body, digest

    def evidence(self) -> Iterator[Tuple[str, bytes]]:
        """Digest and bytes of each piece of evidence."""
        while self.line:
            piece = parsed(self.line) or {}
            named, data = str(piece.get("evidence")), str(piece.get("data"))
            content = raw(data) if canonical({"data": data, "evidence": named}) == self.line else None
            if content is None or raw(named) is None:
                raise line_broken(self.number, "no evidence")
            yield named, content
            self.next()


class Walk:
    """Follows the chain and keeps what is asked of it later."""

    def __init__(self, marks: Set[int]) -> None:
        self.seq, self.digest = 0, GENESIS
        self.ledger = self.first_at = self.last_at = self.machine = ""
        self.marks = marks
        self.marked: Dict[int, Tuple[bytes, str]] = {}
        self.needed: Dict[str, int] = {}
        self.moved: List[Tuple[int, str]] = []
        self.coverage = Coverage()
        self.signed: Dict[str, Tuple[int, str, str]] = {}  # by key: entry, its hash, signature of the last checkpoint
        self.recent: List[bytes] = []
        self.boots: Set[str] = set()
        self.boot, self.mono = "", 0

    def follow(self, rows: Iterator[Row]) -> None:
        """See that each record follows from the one before it; raises Broken for the first that does not."""
        before = GENESIS
        for number, body, digest in rows:
            seq = self.seq + 1
            if number != seq or link(self.digest, body) != digest:
                raise diagnosed(seq, self.digest, before, (number, body, digest), rows)
            fields = parsed(body)
            if fields is None or type(fields.get("seq")) is not int:
                raise Broken("edited", seq, "unreadable")
            if fields["seq"] != seq:
                raise Broken("edited", seq, "replaced", other=fields["seq"])
            self.seq, before, self.digest = seq, self.digest, digest
            self.look(seq, fields)
        if self.seq:
            self.coverage.end()

    def look(self, seq: int, fields: Dict[str, Any]) -> None:
        """Take from a record what is asked of it."""
        self.last_at = str(fields.get("at", ""))
        boot, mono = str(fields.get("boot", "")), int(fields.get("mono_ms", 0))
        again = boot != self.boot and boot in self.boots
        if again or (boot == self.boot and mono < self.mono):
            raise Broken("reordered", seq, "times")
        self.boots.add(boot)
        self.boot, self.mono = boot, mono
        if seq == 1:
            self.ledger, self.first_at = str(fields.get("ledger", "")), self.last_at
        for named in fields.get("evidence", ()):
            self.needed.setdefault(named, seq)
        machine = fields.get("machine_id", "")
        if machine and machine != self.machine:
            if self.machine:
                self.moved.append((seq, self.last_at))
            self.machine = machine
        if len(self.recent) > 2 * RECENT:
            del self.recent[: -RECENT - 1]
        self.recent.append(self.digest)
        if fields.get("signature"):
            self.checkpoint(seq, fields)
        if seq in self.marks:
            self.marked[seq] = (self.digest, self.last_at)
        self.coverage.see(fields)

    def checkpoint(self, seq: int, fields: Dict[str, Any]) -> None:
        """See that what was signed is what stands there."""
        of, texts = fields.get("of"), [str(fields.get(name, "")) for name in ("head", "key", "signature")]
        back = seq - of if type(of) is int else 0
        right = [len(raw(text) or b"") for text in texts] == [32, 32, 64] and 0 < back < min(
            len(self.recent), RECENT + 1
        )
        if not right or self.recent[-1 - back].hex() != texts[0]:
            raise Broken("rewritten", seq, "not signed")
        self.signed[texts[1]] = (seq - back, texts[0], texts[2])

    def ended(self, file: File) -> None:
        """See that the records end where the first line says."""
        if self.seq < file.last:
            raise Broken("truncated", self.seq + 1, "truncated", other=file.last)
        if (self.seq, self.digest) != (file.last, file.head):
            raise Broken("inserted" if self.seq > file.last else "edited", self.seq, "end", other=file.last)

    def evidence(self, pieces: Iterable[Tuple[str, bytes]]) -> int:
        """See that all evidence is there and as it was; how many pieces there are."""
        count, missing, strange = 0, dict(self.needed), ""
        for named, content in pieces:
            count += 1
            seq = missing.pop(named, 0)
            if seq and hashlib.sha256(content).hexdigest() != named:
                raise Broken("evidence", seq, "evidence", digest=named)
            strange = strange or ("" if seq else named)
        if missing:
            named = min(missing, key=lambda name: missing[name])
            raise Broken("evidence", missing[named], "evidence", digest=named)
        if strange:
            raise Broken("evidence", self.seq, "evidence", digest=strange)
        return count


def diagnosed(seq: int, previous: bytes, before: bytes, row: Row, later: Iterator[Row]) -> Broken:
    """What was done, by the first row that does not follow and what stands behind it."""
    number, body, digest = row
    own = number_of(body, number) if number == seq else number
    if own == seq:
        return unlinked(seq, previous, body, digest, readable(later))
    if own < seq and digest == previous:
        return Broken("inserted", seq, "inserted", other=own)
    if own == seq - 1 and link(before, body) == digest:
        return Broken("inserted", own, "inserted", other=own)
    numbers = [number_of(text, found) for found, text, _ in readable(later)]
    if seq in numbers:
        word = "reordered" if own > seq and own not in numbers else "inserted"
        return Broken(word, seq, word, other=own)
    if own in numbers or own < seq or numbers[:1] == [seq + 1]:
        return Broken("edited", seq, "replaced", other=own)
    return Broken("removed", seq, "removed", other=own - 1)


def unlinked(seq: int, previous: bytes, body: bytes, digest: bytes, later: Iterator[Row]) -> Broken:
    """The row has its number, and its hash is not that of its content after the record before it."""
    for number, text, found in later:
        if found in (link(digest, text), link(link(previous, body), text)):
            break
        if found == link(previous, text) or number_of(text, number) == seq:
            return Broken("inserted", seq, "inserted", other=seq)
        break
    return Broken("edited", seq, "edited")


def readable(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows up to the first that is damaged itself."""
    try:
        for row in rows:
            yield row
    except Broken:
        return


# Seals.


def doubled(value: int) -> int:
    """Twice a value in GF(32)."""
    return value << 1 if value < 16 else value << 1 ^ 37


def check(group: int, digits: List[int]) -> int:
    """The check of a group."""
    total = 0
    for digit in digits:
        total = doubled(total) ^ digit
    return doubled(total) ^ group


def code_of(seq: int, ledger: int, head: int) -> str:
    """The code of a seal."""
    value = (seq << 10 | ledger) << 120 | head
    digits = [value >> shift & 31 for shift in range(155, -1, -5)]
    groups = [digits[at : at + 4] for at in range(0, 32, 4)]
    return "-".join(
        "".join(ALPHABET[digit] for digit in [*group, check(number, group)]) for number, group in enumerate(groups, 1)
    )


def read_seal(text: str) -> Seal:
    """What a code says; raises Unreadable for one that was copied wrong."""
    plain = "".join(char if char.isalnum() else " " for char in text.upper())
    groups = plain.split()
    if len(groups) != 8:
        joined = "".join(groups)
        if len(joined) != 40:
            raise Unreadable("seal count", count=len(joined))
        groups = [joined[at : at + 5] for at in range(0, 40, 5)]
    value = 0
    for number, group in enumerate(groups, 1):
        digits = [ALPHABET.find({"O": "0", "I": "1", "L": "1"}.get(char, char)) for char in group]
        if len(digits) != 5 or -1 in digits or check(number, digits[:4]) != digits[4]:
            raise Unreadable("seal group", group=number, text=group[:12])
        for digit in digits[:4]:
            value = value << 5 | digit
    if not value >> 130:
        raise Unreadable("seal group", group=1, text=groups[0])
    found = value >> 130, value >> 120 & 1023, value & 2**120 - 1
    return (code_of(*found), *found)


def whole_seal(walk: Walk) -> Seal:
    """The seal of the last record of a log that was exported before."""
    code = code_of(walk.seq, ledger_bits(walk.ledger), int.from_bytes(walk.digest[:15], "big"))
    return read_seal(code)


def ledger_bits(ledger: str) -> int:
    """The first ten bits of a ledger's identity."""
    return int(ledger[:3] or "0", 16) >> 2


def seals_held(walk: Walk, seals: List[Seal]) -> List[Dict[str, Any]]:
    """What became of each seal, oldest first; ``word`` is empty for one that holds."""
    after, done = 0, []
    for code, seq, ledger, head in sorted(seals, key=lambda seal: seal[1]):
        digest, at = walk.marked.get(seq, (b"", ""))
        seen = int.from_bytes(digest[:15], "big")
        word = "rewritten"
        if ledger != ledger_bits(walk.ledger):
            word = "other-ledger"
        elif seq > walk.seq:
            word = "rolled-back"
        elif digest and seen == head:
            word, after = "", seq
        found = {"code": code, "record": seq, "word": word, "at": at, "after": after + 1, "last": walk.seq, "group": 0}
        if word and digest:
            here, there = code_of(seq, ledger_bits(walk.ledger), seen).split("-"), code_of(seq, ledger, head).split("-")
            differing = [number for number in range(8) if here[number] != there[number]]
            if len(differing) == 1:
                found.update(group=differing[0] + 1, there=here[differing[0]])
        done.append(found)
    return done


# Signatures: by openssl or ssh-keygen, where one of them is there.


def string(data: bytes) -> bytes:
    """A text with its length, as SSH writes it."""
    return len(data).to_bytes(4, "big") + data


def blob(message: bytes) -> bytes:
    """What is signed for a message (OpenSSH, PROTOCOL.sshsig)."""
    parts = (b"usbguard-py", b"", b"sha512", hashlib.sha512(message).digest())
    return b"SSHSIG" + b"".join(string(part) for part in parts)


def by_openssl(folder: str, key: bytes, signature: bytes, message: bytes) -> List[str]:
    """The command by which openssl verifies."""
    names = {"key": bytes.fromhex("302a300506032b6570032100") + key, "data": blob(message), "signature": signature}
    put(folder, names)
    key_, data, signature_ = (os.path.join(folder, name) for name in names)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin"]
    return [*command, "-inkey", key_, "-in", data, "-sigfile", signature_]


def by_ssh(folder: str, key: bytes, signature: bytes, _message: bytes) -> List[str]:
    """The command by which ssh-keygen verifies; it gets the message as its input."""
    kind = string(b"ssh-ed25519")
    public = kind + string(key)
    parts = (public, b"usbguard-py", b"", b"sha512", kind + string(signature))
    text = base64.encodebytes(b"SSHSIG" + (1).to_bytes(4, "big") + b"".join(string(part) for part in parts))
    armour = b"-----BEGIN SSH SIGNATURE-----\n" + text + b"-----END SSH SIGNATURE-----\n"
    put(folder, {"signers": b"log ssh-ed25519 " + base64.b64encode(public) + b"\n", "signature": armour})
    signers, signature_ = (os.path.join(folder, name) for name in ("signers", "signature"))
    return ["ssh-keygen", "-Y", "verify", "-n", "usbguard-py", "-f", signers, "-I", "log", "-s", signature_]


def put(folder: str, files: Dict[str, bytes]) -> None:
    """Write some files."""
    for name, content in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)


def good(make: Any, key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a program finds a signature good."""
    with tempfile.TemporaryDirectory() as folder:
        command = make(folder, key, signature, message)
        try:
            done = subprocess.run(
                command, input=message, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
    return done.returncode == 0


def signature_good(key: bytes, signature: bytes, message: bytes) -> Optional[bool]:
    """Whether a signature is good; nothing when no program is there that finds a known one good."""
    for make in (by_openssl, by_ssh):
        if good(make, PROBE_KEY, PROBE_SIGNATURE, b""):
            return good(make, key, signature, message)
    return None


def signatures(walk: Walk) -> List[Dict[str, Any]]:
    """Up to which record each key has signed, by its last checkpoint; raises Broken for a bad one."""
    found = []
    for key, (seq, head, signature) in walk.signed.items():
        fields = {"format": "usbguard-py-checkpoint", "head": head, "ledger": walk.ledger, "seq": seq, "version": 1}
        right = signature_good(bytes.fromhex(key), bytes.fromhex(signature), canonical(fields)[:-1])
        if right is False:
            raise Broken("rewritten", seq, "bad signature")
        digits = hashlib.sha256(bytes.fromhex(key)).hexdigest()
        name = "-".join(digits[at : at + 5] for at in range(0, 20, 5))
        found.append({"key": name, "record": seq, "checked": bool(right)})
    return found


# Coverage.

TURNING = {"begin", "start", "stop", "policy-use", "sleep", "events-lost", "clock-step"}
Piece = Tuple[int, int, str, int]  # begin and end on the boot's clock, why not in force, wall clock at 0


def instant(text: Any) -> Optional[int]:
    """A time of the log in milliseconds since 1970."""
    try:
        moment = datetime.fromisoformat(str(text))
        epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
        since = moment - epoch
    except (TypeError, ValueError):
        return None
    return (since.days * 86400 + since.seconds) * 1000 + since.microseconds // 1000


class Coverage:
    """When enforcement was in force, told from the records; "Coverage" in docs/ledger-format.md."""

    def __init__(self) -> None:
        self.stretches: List[Tuple[int, int, str]] = []  # milliseconds since 1970; why not in force
        self.pieces: List[Piece] = []
        self.over: List[Tuple[int, int, str]] = []
        self.before: Optional[Dict[str, Any]] = None
        self.running, self.idle, self.enforce = False, "before", False
        self.open: Set[str] = set()
        self.at = self.zero = 0

    def see(self, entry: Dict[str, Any]) -> None:
        """The next record."""
        before, mono = self.before, entry.get("mono_ms", 0)
        turns = self.turns(entry)
        moment = self.effective(entry) if turns else mono
        if before is None:
            self.at, self.zero = mono, (instant(entry.get("at")) or 0) - mono
        elif before.get("boot") != entry.get("boot"):
            self.another_boot(before, entry, moment)
        else:
            died = entry.get("kind") == "start" and self.running
            self.piece(moment, "died" if died else self.reason())
            if entry.get("kind") == "events-lost":
                self.over.append((self.effective(before), mono, "events-lost"))
            elif entry.get("kind") == "sleep":
                self.over.append(self.slept(entry))
        if turns:
            self.zero = (instant(entry.get("at")) or 0) - mono
            self.turn(entry)
        self.before = entry

    @staticmethod
    def turns(entry: Dict[str, Any]) -> bool:
        """Whether a record says something of coverage."""
        kind = entry.get("kind")
        if kind == "drift":
            return entry.get("restored") is not None
        return kind in TURNING or (kind == "alarm" and entry.get("detail") == "the kernel's default could not be set")

    @staticmethod
    def effective(entry: Dict[str, Any]) -> int:
        """When what a record tells happened, on its boot's clock."""
        happened = instant(entry.get("happened_at")) if entry.get("late") else None
        behind = 0 if happened is None else max((instant(entry.get("at")) or 0) - happened, 0)
        return max(int(entry.get("mono_ms", 0)) - behind, 0)

    @staticmethod
    def slept(entry: Dict[str, Any]) -> Tuple[int, int, str]:
        """The sleep that a record tells of."""
        mono, length, since = entry.get("mono_ms", 0), entry.get("ms", 0), instant(entry.get("from"))
        behind = length if since is None else max((instant(entry.get("at")) or 0) - since, length)
        begin = max(mono - behind, 0)
        return begin, min(begin + length, mono), "sleep"

    def piece(self, moment: int, why: str) -> None:
        """Go on to a moment of this boot."""
        end = max(moment, self.at)
        self.pieces.append((self.at, end, why, self.zero))
        self.at = end

    def reason(self) -> str:
        """Why enforcement is not in force; empty when it is."""
        if not self.running:
            return self.idle
        return "observe" if not self.enforce else "open" if self.open else ""

    def another_boot(self, before: Dict[str, Any], entry: Dict[str, Any], moment: int) -> None:
        """What lies between two starts of the machine."""
        self.settle()
        end, begun = self.zero + self.at, (instant(entry.get("at")) or 0) - entry.get("mono_ms", 0)
        stop = before.get("kind") == "stop"
        why = "off" if stop and before.get("shutdown") is True else "stopped" if stop else "unknown"
        self.stretches.append((end, max(end, begun), why))
        self.running, self.idle, self.at, self.zero = False, "unknown", 0, begun
        closed = entry.get("kernel_parameter") is True
        start = "starting" if closed else "starting-open"
        self.piece(moment, start if entry.get("kind") == "start" else "unknown")

    def turn(self, entry: Dict[str, Any]) -> None:
        """What a record makes of the state."""
        kind, name = entry.get("kind"), str(entry.get("name", ""))
        if kind == "start":
            self.running, self.enforce = True, entry.get("enforce") is True
            self.open = {str(one) for one in entry.get("unclosed") or ()}
        elif kind == "stop":
            self.running, self.idle = False, "stopped"
        elif kind == "policy-use":
            self.enforce, self.open = entry.get("enforce") is True, set()
        elif kind == "drift" and entry.get("restored"):
            self.open.discard(name)
        elif kind in ("drift", "alarm") and not name.endswith("/hub"):
            self.open.add(name)

    def settle(self) -> None:
        """Lay over the pieces of a boot what lies over them."""
        pieces = self.pieces
        for begin, end, why in self.over:
            laid: List[Piece] = []
            for one in pieces:
                low, high = max(one[0], begin), min(one[1], end)
                if low >= high or (why == "events-lost" and one[2]):
                    laid.append(one)
                    continue
                laid += [(one[0], low, one[2], one[3]), (low, high, why, one[3]), (high, one[1], one[2], one[3])]
            pieces = laid
        self.stretches += [(zero + begin, zero + end, why) for begin, end, why, zero in pieces]
        self.pieces, self.over = [], []

    def end(self) -> None:
        """No record follows."""
        self.settle()
        first = min((begin for begin, _, why in self.stretches if why != "before"), default=self.zero + self.at)
        joined: List[Tuple[int, int, str]] = []
        for begin, end, why in ((max(one[0], first), one[1], one[2]) for one in self.stretches):
            if begin >= end or why == "before":
                continue
            touches = joined and joined[-1][2] == why and joined[-1][1] == begin
            joined.append((joined.pop()[0] if touches else begin, end, why))
        self.stretches = joined

    def total(self, *reasons: str) -> int:
        """Milliseconds of the stretches with one of these reasons."""
        return sum(end - begin for begin, end, why in self.stretches if why in reasons)

    def answer(self) -> Dict[str, Any]:
        """The figures; ``hundredths`` of a per cent, rounded down, nothing when there is nothing to count."""
        off = self.total("sleep", "off")
        covered, counted = self.total(""), sum(end - begin for begin, end, _ in self.stretches) - off
        figure = 10000 * covered // counted if counted else None
        gaps = [one for one in self.stretches if one[2] not in ("", "sleep", "off")]
        return {"hundredths": figure, "covered": covered, "counted": counted, "off": off, "gaps": gaps}


# What is printed.


class Printer:
    """Prints in one language, without accents where they cannot be shown."""

    def __init__(self, language: str) -> None:
        self.column = 1 if language == "en" else 0
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")

    def text(self, key: str, /, **facts: Any) -> str:
        """A text of the table with its facts."""
        said = {name: self.text(value) if isinstance(value, Words) else value for name, value in facts.items()}
        return TEXTS[key][self.column].format(**said)

    def say(self, text: str) -> None:
        """Print one line."""
        print(self.fit(text))

    @staticmethod
    def fit(text: str) -> str:
        """A line as the terminal can show it; nothing in it can steer the terminal."""
        shown = "".join(char if char.isprintable() else "?" for char in text)
        try:
            shown.encode(sys.stdout.encoding or "ascii")
        except (UnicodeError, LookupError):
            plain = shown.replace("đ", "d").replace("Đ", "D").replace("→", "->").replace("“", '"').replace("”", '"')
            shown = "".join(char for char in unicodedata.normalize("NFD", plain) if not unicodedata.combining(char))
        return shown

    def moment(self, text: str) -> str:
        """A time of the log: 21/11/2026 14:05:00 (+07:00)."""
        date, _, rest = text.partition("T")
        parts = date.split("-")
        if len(parts) != 3 or len(rest) < 14:
            return text
        return "{}/{}/{} {} ({})".format(parts[2], parts[1], parts[0], rest[:8], rest[-6:])

    def wall(self, ms: int) -> str:
        """Milliseconds since 1970, by the clock of this computer."""
        try:
            return datetime.fromtimestamp(ms // 1000).astimezone().strftime("%d/%m/%Y %H:%M:%S %z")
        except (OverflowError, OSError, ValueError):
            return str(ms)

    def length(self, ms: int) -> str:
        """A length of time."""
        seconds = ms // 1000
        days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
        clock = "{:02d}:{:02d}:{:02d}".format(hours, minutes, seconds % 60)
        return clock if not days else "{} {} {}".format(days, ("ngày", "d")[self.column], clock)

    def result(self, walk: Walk, held: List[Dict[str, Any]], signed: List[Dict[str, Any]]) -> None:
        """An intact log, and what became of the seals."""
        if not walk.seq:
            self.say(self.text("empty"))
            return
        times = {"first": self.moment(walk.first_at), "last": self.moment(walk.last_at)}
        self.say(self.text("intact", count=walk.seq, **times))
        self.say(self.text("head", head=walk.digest.hex()))
        code = code_of(walk.seq, ledger_bits(walk.ledger), int.from_bytes(walk.digest[:15], "big"))
        self.say(self.text("code", code=code))
        for record, at in walk.moved:
            self.say(self.text("moved", record=record, at=self.moment(at)))
        for one in signed:
            self.say(self.text("signed" if one["checked"] else "unchecked", **one))
        if not signed:
            self.say(self.text("unsigned"))
        self.covered(walk.coverage.answer())
        for one in held:
            self.say(self.text(one["word"] or "holds", **{**one, "at": self.moment(one["at"])}))
            if one["group"]:
                self.say(self.text("slip", **one))
        if not held:
            self.say(self.text("no seal"))
        if any(one["word"] for one in held):
            self.say(self.text("keep"))

    def covered(self, answer: Dict[str, Any]) -> None:
        """Coverage and its gaps."""
        if answer["hundredths"] is None:
            return
        percent = "{}.{:02d}".format(*divmod(answer["hundredths"], 100))
        percent = percent if self.column else percent.replace(".", ",")
        lengths = {name: self.length(answer[name]) for name in ("counted", "off")}
        self.say(self.text("coverage", percent=percent, **lengths))
        gaps = answer["gaps"]
        for begin, end, why in gaps[:SHOWN_GAPS]:
            times = {"begin": self.wall(begin), "end": self.wall(end), "length": self.length(end - begin)}
            self.say(self.text("gap", why=GAPS.get(why, (why, why))[self.column], **times))
        if len(gaps) > SHOWN_GAPS:
            self.say(self.text("more", count=len(gaps) - SHOWN_GAPS))
        self.say(self.text("outside"))


def verified(path: str, seals: List[Seal]) -> Tuple[Walk, List[Dict[str, Any]]]:
    """Verify one file; raises Broken, Unreadable or OSError."""
    with open(path, "rb") as opened:
        file = File(opened)
        walk = Walk({seal[1] for seal in seals})
        walk.follow(file.records())
        walk.ended(file)
        if walk.evidence(file.evidence()) != file.pieces or walk.ledger != file.ledger:
            raise line_broken(1, "first line")
    return walk, seals_held(walk, seals)


def told(path: str, seals: List[Seal], printer: Printer, as_json: bool) -> int:
    """Verify one file and print what was found; the exit code."""
    answer: Dict[str, Any] = {"file": path, "intact": False, "tampering": "", "record": 0}
    try:
        walk, held = verified(path, seals)
        signed = signatures(walk)
    except Broken as error:
        code, said = (
            1,
            printer.text(
                "broken", record=error.record, why=printer.text(error.why, **{**error.facts, "record": error.record})
            ),
        )
        answer.update(tampering=error.word, record=error.record, sentence=said)
        lines = [said, printer.text("keep")]
    except Unreadable as error:
        code, said = 65, printer.text(error.key, **error.facts)
        answer.update(sentence=said)
        lines = [said]
    else:
        bad = [one for one in held if one["word"]]
        code, lines = (1 if bad else 0), []
        answer.update(intact=True, records=walk.seq, head=walk.digest.hex(), ledger=walk.ledger, seals=held)
        answer.update(signed=signed)
        answer.update(coverage=walk.coverage.answer(), tampering=bad[0]["word"] if bad else "")
        answer.update(record=bad[0]["record"] if bad else 0)
        if not as_json:
            printer.result(walk, held, signed)
    if as_json:
        print(json.dumps(answer, sort_keys=True))
    for line in [] if as_json else lines:
        printer.say(line)
    return code


def language() -> str:
    """The reader's language: English where the environment says so, else Vietnamese."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "en" if value.lower().startswith("en") else "vi"
    return "en" if str(locale.getlocale()[0] or "").lower().startswith("en") else "vi"


def main(words: Optional[List[str]] = None) -> int:
    """The program; its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", metavar="FILE", nargs="*")
    parser.add_argument("--seal", metavar="CODE", action="append", default=[])
    parser.add_argument("--lang", choices=("vi", "en"), default=language())
    parser.add_argument("--earlier", metavar="FILE")
    parser.add_argument("--json", action="store_true")
    try:
        given = parser.parse_args(words)
    except SystemExit as ended:
        return 64 if ended.code else 0
    printer = Printer(given.lang)
    clicked = not given.files
    files = given.files or sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "*.jsonl")))
    asking = sys.stdin is not None and sys.stdin.isatty() and not given.json
    if not files:
        printer.say(printer.text("none"))
    code = 0 if files else 64
    try:
        typed = given.seal or (asked(printer) if asking and files else [])
        seals = [read_seal(text) for text in typed]
        if given.earlier:
            code = told(given.earlier, [], printer, given.json)
            before = verified(given.earlier, [])[0] if not code else None
            seals += [whole_seal(before)] if before and before.seq else []
        for name in files:
            if len(files) > 1 and not given.json:
                printer.say("--- " + name)
            code = max(code, told(name, seals, printer, given.json))
    except Unreadable as error:
        printer.say(printer.text(error.key, **error.facts))
        code = 65
    except OSError as error:
        printer.say(printer.text("no file", name=error.filename, what=error.strerror))
        code = 65
    if clicked and asking:
        input(printer.fit(printer.text("leave")))
    return code


def asked(printer: Printer) -> List[str]:
    """The codes that somebody types, until an empty line; one that was copied wrong is asked for again."""
    codes: List[str] = []
    while True:
        code = input(printer.fit(printer.text("ask")))
        if not code.strip():
            return codes
        try:
            read_seal(code)
        except Unreadable as error:
            printer.say(printer.text(error.key, **error.facts))
        else:
            codes.append(code)


if __name__ == "__main__":
    sys.exit(main())
