"""What the list knows of a serial, a number or a few words: entries, and those that are off by a slip."""

import sqlite3
from collections.abc import Sequence
from typing import Literal

import msgspec

from usbguard_py.core.lookalike import bare, parts, printed, slips
from usbguard_py.core.whitelist import Asset
from usbguard_py.shell.finding import SERIALS, pieces
from usbguard_py.shell.register import Register

MOST = 10  # entries that are shown; more of them are no answer to "which stick is this"


class Near(msgspec.Struct, frozen=True):
    """An entry of which one serial is nearly the one that was asked for.

    ``look-alike``: they differ in nothing but characters that print does not keep apart; ``slip``: also in one
    character too many, too few or another, or two exchanged. ``listed`` and ``asked`` are what differs, folded.
    """

    asset: Asset
    fact: str  # printed_serial or electronic_serial
    kind: Literal["look-alike", "slip"]
    listed: str
    asked: str


class Serials(msgspec.Struct, frozen=True):
    """What the serials of the list say to one that was asked for."""

    same: tuple[Asset, ...] = ()
    near: tuple[Near, ...] = ()


def by_serial(connection: sqlite3.Connection, register: Register, serial: str) -> Serials:
    """The assets with that serial, printed or electronic, blanks and hyphens left out, else those that are near it.

    Of those the look-alikes, and only when there are none those with a slip. At most :data:`MOST`.

    Raises:
        ListDiffers: one of them was changed outside this program.
    """
    asked = bare(serial)
    if not asked:
        return Serials()
    key = printed(asked)
    wanted = slips(key) | {key}
    same: dict[int, None] = {}
    near: list[tuple[bool, int, str, str]] = []  # not a look-alike, number, fact, bare serial
    for piece in pieces(connection, SERIALS):
        for fact in SERIALS:
            serials = _bare(piece.texts[fact])
            keys = printed(serials).split("\n")
            hits = [i for i, one in enumerate(keys) if one in wanted]
            lines = serials.split("\n") if hits else []
            for place in hits:
                number, found = piece.numbers[place], lines[place]
                if found == asked:
                    same[number] = None
                else:
                    near.append((keys[place] != key, number, fact, found))
    if same:
        return Serials(tuple(register.numbered(list(same)[:MOST])))
    alike = [one for one in near if not one[0]]
    return Serials(near=tuple(_near(register, asked, alike or near)))


def _bare(serials: Sequence[str]) -> str:
    """Each of them bare, in a line of its own; nearly all lists hold serials of which that is told at one look."""
    text = "\n".join(serials)
    return text.translate(_ASCII) if text.isascii() else "\n".join(map(bare, serials))


_ASCII = {code: None for code in range(0x80) if not chr(code).isalnum() and chr(code) != "\n"}


def _near(register: Register, asked: str, found: list[tuple[bool, int, str, str]]) -> list[Near]:
    """Each asset once, in the order of their numbers."""
    best = {number: (slip, fact, serial) for slip, number, fact, serial in sorted(found, reverse=True)}
    first = sorted(best.items())[:MOST]
    assets = register.numbered([number for number, _ in first])
    return [
        Near(asset, fact, "slip" if slip else "look-alike", *parts(serial, asked))
        for asset, (_, (slip, fact, serial)) in zip(assets, first, strict=True)
    ]
