"""Texts in Vietnamese and English from gettext catalogues, with a fallback for consoles without accents.

The language is the first of ``USBGUARD_PY_LANG``, ``LC_ALL``, ``LC_MESSAGES``, ``LANG`` that is
set: anything that begins with ``en`` is English, all else is Vietnamese, the product's first language.
"""

import os
import unicodedata
from contextvars import ContextVar
from pathlib import Path

from usbguard_py.catalogue import Catalogue

DOMAIN = "usbguard-py"
LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("vi", "en")
_chosen: list[str] = []
_here: ContextVar[str] = ContextVar("language", default="")  # of this thread
_catalogues: dict[str, Catalogue] = {}
_PUNCTUATION = str.maketrans({"“": '"', "”": '"', "–": "-"})


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "mark, translate later"
    """Mark ``text`` for the catalogue and return it unchanged."""
    return text


def language() -> str:
    """The language in use: ``vi`` or ``en``."""
    if _here.get():
        return _here.get()
    return _chosen[-1] if _chosen else machine_language()


def machine_language() -> str:
    """The language that the environment asks for, whatever was chosen."""
    for name in ("USBGUARD_PY_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "en" if value.lower().startswith("en") else "vi"
    return "vi"


def choose_here(name: str) -> None:
    """Use the language ``name`` in this thread, whatever the others use."""
    _here.set(name)


def choose(name: str) -> None:
    """Use the language ``name`` from now on, whatever the environment says; empty asks the environment again."""
    _chosen.clear()
    if name:
        _chosen.append(name if name in LANGUAGES else "vi")


class speaking:  # noqa: N801 - used as a function is, in a ``with`` statement
    """Use the language ``name`` inside; afterwards what was in use before."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        self._before = list(_chosen)
        choose(self._name)

    def __exit__(self, *_: object) -> None:
        choose(self._before[-1] if self._before else "")


def _catalogue() -> Catalogue:
    name = language()
    if name not in _catalogues:
        _catalogues[name] = Catalogue(str(LOCALE / name / "LC_MESSAGES" / f"{DOMAIN}.mo"))
    return _catalogues[name]


def translate(text: str) -> str:
    """``text`` in the language in use; the text itself when the catalogue lacks it."""
    return (_catalogue().text(text) or text) if text else ""


_ = translate


def ngettext(one: str, many: str, count: int) -> str:
    """``one`` or ``many``, or what the language in use says of ``count`` things; the count is filled in afterwards."""
    return _catalogue().plural(one, many) or (one if count == 1 else many)


def unaccented(text: str) -> str:
    """``text`` in ASCII letters: for consoles without accents, and for search.

    Unicode NFD takes the accents off (UAX #15); đ and Đ have no decomposition.
    """
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(c for c in plain if not unicodedata.combining(c)).translate(_PUNCTUATION)
