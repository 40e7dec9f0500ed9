"""Hostile bytes stay bytes: how strings that a device chose are shown.

A device may send any bytes as its serial number or product name. What is stored is the raw
bytes in hex; what is shown is :func:`escaped`, which cannot move a cursor, end a line, turn
the reading direction or close a quotation.
"""

import re
import unicodedata

# Cc control, Cf format (bidi marks, zero width), Cs surrogate, Co private, Cn unassigned, Zl/Zp line ends, Zs blanks:
# the general categories of the Unicode standard, section 4.5, that have no visible form of their own.
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
# Letters and symbols that are drawn as nothing: the Hangul fillers and the empty Braille pattern.
_BLANK = set("\u115f\u1160\u3164\uffa0\u2800")
_MARKS = {"Mn", "Mc", "Me"}  # they change the character before them
_SPECIAL = set("\\\"'`<>&|")
_FORMULA = set("=+-@")  # at the start of a cell they make a spreadsheet calculate
# What most devices send, told at one look: nothing of it is in any of the sets above, at the start neither.
_PLAIN = re.compile(rb"(?:[A-Za-z0-9][A-Za-z0-9 ._:/-]*)?")
_TIDY = re.compile(r"(?:[!-~]+(?: [!-~]+)*)?")  # ASCII is composed, and visible from "!" to "~"
_BYTES = range(0xDC80, 0xDD00)  # what "surrogateescape" makes of the bytes 80 to ff (PEP 383)

MAX_STRING = 126 * 3  # bytes: bLength is one byte (USB 2.0, 9.6.7), so 126 UTF-16 units, 3 UTF-8 bytes each


def hidden(char: str) -> bool:
    """Whether ``char`` has no visible form of its own. An ordinary space has one."""
    return char != " " and (unicodedata.category(char) in _HIDDEN or char in _BLANK)


def escaped(raw: bytes) -> str:
    r"""``raw`` as text that is safe in a terminal, a log line, CSV, HTML and JSON.

    Visible characters stay; everything else becomes ``\xHH`` (a byte that is no UTF-8) or
    ``\u{HEX}`` (a code point). Two different ``raw`` never become the same text.
    """
    if _PLAIN.fullmatch(raw):
        return raw.decode("ascii")
    return "".join(
        _escaped(char, first=index == 0) for index, char in enumerate(raw.decode("utf-8", "surrogateescape"))
    )


def _escaped(char: str, *, first: bool) -> str:
    code = ord(char)
    if code in _BYTES:
        return f"\\x{code - _BYTES.start + 0x80:02x}"
    if char in _SPECIAL or hidden(char) or unicodedata.category(char) in _MARKS or (first and char in _FORMULA):
        return f"\\u{{{code:x}}}"
    return char


def tidy(text: str, limit: int) -> str:
    """What a person typed, composed (NFC, UAX #15) and with single spaces, so that the same name is the same text.

    Raises:
        ValueError: longer than ``limit`` characters, or with a character that cannot be seen, and which that is.
    """
    if len(text) <= limit and _TIDY.fullmatch(text):
        return text
    found = " ".join(unicodedata.normalize("NFC", text).split())
    if len(found) > limit:
        raise ValueError(f"more than {limit} characters")
    for place, char in enumerate(text, 1):
        if hidden(char) and not char.isspace():
            name = unicodedata.name(char, "control character")
            raise ValueError(f"character {place} cannot be seen: U+{ord(char):04X} {name}")
    return found
