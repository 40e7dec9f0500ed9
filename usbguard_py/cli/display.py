"""How a text is made fit for the place where it is printed: width, accents, hidden characters, colour.

Everything printed for people goes through :func:`clean`: a name in the list or an answer of a
daemon can then not move the cursor, turn the reading direction or begin a line of its own.
"""

import os
import re
import stat
import sys
import unicodedata

from usbguard_py.core.text import hidden
from usbguard_py.i18n import unaccented

TYPE_CHECKING = False  # usbguard_py.plain says why
if TYPE_CHECKING:
    from typing import TextIO

_COLOURS = {"good": "32", "bad": "31", "warn": "33", "head": "1", "loud": "1;33", "alarm": "1;31", "dim": "2"}
USUAL = 80  # columns of a terminal that does not say how wide it is
NARROW = 40  # columns below which wrapping helps nobody
_SYMBOLS = str.maketrans({"→": "->", "…": "...", "─": "-", "·": "-", "’": "'", "≤": "<=", "≠": "!="})
# Unaccented, "báo mất" (reported lost) reads like "bảo mật" (security).
_AMBIGUOUS = re.compile("báo mất", re.IGNORECASE)


def width(text: str) -> int:
    """Terminal columns of ``text``: wide East Asian characters take two (UAX #11), combining marks none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in unicodedata.normalize("NFC", text)
    )


def clean(text: str) -> str:
    r"""``text`` on one line and composed, each hidden character as ``\u{HEX}``."""
    return "".join(f"\\u{{{ord(c):x}}}" if _unfit(c) else c for c in unicodedata.normalize("NFC", text))


def _unfit(char: str) -> bool:
    # Marks (Mn, Mc, Me) pile up over other lines; Vietnamese has none once it is composed.
    return hidden(char) or unicodedata.category(char).startswith("M")


def plain(text: str) -> str:
    r"""``text`` in ASCII: without accents, and whatever is left as ``\u{HEX}``."""
    lost = _AMBIGUOUS.sub(lambda m: "BÁO THẤT LẠC" if m[0].isupper() else "báo thất lạc", text)
    letters = unaccented(lost.translate(_SYMBOLS))
    return "".join(c if " " <= c <= "~" else f"\\u{{{ord(c):x}}}" for c in letters)


def accents(stream: "TextIO") -> bool:
    """Whether ``stream`` can show Vietnamese.

    A Linux text console (``TERM=linux``) takes UTF-8 but its fonts hold at most 512 glyphs
    (console_codes(4), setfont(8)) and lack ế, ợ and their like. On a terminal, a locale that
    says "C" is believed too; in a file or a pipe only the encoding counts.
    """
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "")
    if encoding != "utf8":
        return False
    if os.environ.get("TERM") == "linux" and (stream.isatty() or _paged(stream)):
        return False
    locale = next((v for v in map(os.environ.get, ("LC_ALL", "LC_CTYPE", "LANG")) if v), "")
    return not stream.isatty() or locale not in {"C", "POSIX"}


def _paged(stream: "TextIO") -> bool:
    """Whether ``stream`` is a pipe whose far end most likely shows on the terminal we were started from."""
    try:
        return stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode) and sys.stderr.isatty()
    except OSError:  # a stream without a descriptor
        return False


def colours(stream: "TextIO") -> bool:
    """Whether to colour: a terminal that can, and nobody asked not to (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def painted(text: str, style: str, stream: "TextIO | None" = None) -> str:
    """``text`` in the colour of ``style`` (SGR, ECMA-48 8.3.117), or as it is."""
    if not style or not colours(stream or sys.stdout):
        return text
    return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m"


def columns(stream: "TextIO | None" = None) -> int:
    """Columns of the terminal; 0 when there is none, so that a file gets whole lines."""
    stream = stream or sys.stdout
    if not stream.isatty():
        return 0
    try:
        return max(os.get_terminal_size(stream.fileno()).columns or USUAL, NARROW)
    except OSError:
        return USUAL


def fit(text: str, stream: "TextIO") -> str:
    """``text`` clean, and without accents where ``stream`` cannot show them."""
    return clean(text) if accents(stream) else plain(clean(text))


def wrapped(text: str, limit: int) -> list[str]:
    """``text`` in lines of at most ``limit`` columns, broken between words, or inside one that is longer."""
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if width(joined) <= limit:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        rest = word
        while width(rest) > limit:
            cut = _fitting(rest, limit)
            lines[-1] = rest[:cut]
            lines.append("")
            rest = rest[cut:]
        lines[-1] = rest
    return lines


def _fitting(text: str, limit: int) -> int:
    used = 0
    for index, char in enumerate(text):
        used += width(char)
        if used > limit:
            return max(index, 1)
    return len(text)
