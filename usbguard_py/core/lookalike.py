"""What looks alike to a person: serial numbers with a slip in them, names with letters of another script."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

import msgspec

from usbguard_py.core.fold import folded

LONGEST = 64  # characters of a serial for which slips are looked for; USB serials have 8 to 32
SHORTEST = 4  # characters: below that one slip makes anything of anything
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
# Letters and figures that print and handwriting do not keep apart; each becomes the letter.
_PRINT = str.maketrans("01i58", "ollsb")
_SEPARATORS = re.compile(r"[\W_]+")
# Letters of other scripts that are drawn as a Latin one, as they stand in the Unicode code charts (U+0370, U+0400,
# U+0500, and the letters for phonetics of U+0250): a name that is typed here holds none of them on purpose.
_CYRILLIC = ("АВЕЅІЈКМНОРСТУХҮԜѴаеѕіјорсухүԁһԛԝѵ", "ABESIJKMHOPCTYXYWVaesijopcyxydhqwv")
_GREEK = ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαινορυκ", "ABEZHIKMNOPTYXaivopuk")
_PHONETIC = ("ıɑɡ", "iag")
_LATIN = str.maketrans(*("".join(pair) for pair in zip(_CYRILLIC, _GREEK, _PHONETIC, strict=True)))

How = Literal["spelling", "accents", "letters"]


class Doubt(msgspec.Struct, frozen=True):
    """Something about a fact that somebody should look at before it is stored.

    ``mixed-scripts``: ``letters`` are those of the rarer scripts (``U+0430 CYRILLIC SMALL LETTER A``).
    ``looks-like``: ``other`` stands on the list and differs only in ``how``: capitals and spaces, accents, or letters
    that are drawn alike.
    """

    kind: Literal["mixed-scripts", "looks-like"]
    fact: str
    value: str
    letters: tuple[str, ...] = ()
    other: str = ""
    how: How | Literal[""] = ""


def bare(serial: str) -> str:
    """A serial as it is compared when typed: folded, without blanks, hyphens and other separators."""
    return _SEPARATORS.sub("", folded(serial))


def printed(key: str) -> str:
    """A bare serial with all that print does not keep apart made the same: ``0`` and ``O``, ``1``, ``I`` and ``l``."""
    return key.translate(_PRINT)


def slips(key: str) -> frozenset[str]:
    """All that ``key`` could be with one character too many, too few or another, or two neighbours exchanged."""
    if not SHORTEST <= len(key) <= LONGEST:
        return frozenset()
    letters = printed(_ALPHABET) + "".join(c for c in key if c not in _ALPHABET)
    pairs = [(key[:i], key[i:]) for i in range(len(key) + 1)]
    less = {a + b[1:] for a, b in pairs if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in pairs if len(b) > 1}
    other = {a + c + b[1:] for a, b in pairs if b for c in letters}
    more = {a + c + b for a, b in pairs for c in letters}
    return frozenset(less | swapped | other | more) - {key}


def parts(one: str, other: str) -> tuple[str, str]:
    """What differs between two texts: both without the beginning and the end that they share."""
    first = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest = min(len(one), len(other)) - first
    last = next((i for i in range(rest) if one[-1 - i] != other[-1 - i]), rest)
    return one[first : len(one) - last], other[first : len(other) - last]


def mixed(text: str) -> tuple[str, ...]:
    """The letters of a text that are of other scripts than most of it, as Unicode names them; none when all are alike.

    Unicode's character names begin with the script (``LATIN``, ``CYRILLIC``); accents and wide forms are taken off.
    """
    letters = [c for c in unicodedata.normalize("NFKC", text) if c.isalpha()]
    scripts = [_script(c) for c in letters]
    usual = max(scripts, key=lambda s: (scripts.count(s), s == "LATIN"), default="")
    odd = dict.fromkeys(c for c, script in zip(letters, scripts, strict=True) if script != usual)
    return tuple(f"U+{ord(c):04X} {unicodedata.name(c, '?')}" for c in odd)


def _script(char: str) -> str:
    return unicodedata.name(char, "?").partition(" ")[0]


def alike(text: str) -> str:
    """What all texts have in common that look the same at a glance: without accents, capitals, blanks and scripts."""
    return " ".join(folded(unicodedata.normalize("NFD", text).translate(_LATIN)).split())


def doubts(fact: str, value: str, known: Iterable[str]) -> tuple[Doubt, ...]:
    """What is doubtful about ``value``, typed as ``fact``, beside the values of that fact that the list has.

    A value that stands on the list as it is needs no warning.
    """
    others = tuple(known)
    if not value or value in others:
        return ()
    found = [Doubt("mixed-scripts", fact, value, letters=letters)] if (letters := mixed(value)) else []
    key = alike(value)
    found += [
        Doubt("looks-like", fact, value, other=other, how=_how(value, other)) for other in others if alike(other) == key
    ]
    return tuple(found)


def _how(one: str, other: str) -> How:
    def spelt(text: str) -> str:
        return "".join(unicodedata.normalize("NFC", text).casefold().split())

    if spelt(one) == spelt(other):
        return "spelling"
    return "accents" if "".join(folded(one).split()) == "".join(folded(other).split()) else "letters"
