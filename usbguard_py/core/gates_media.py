"""The media gate: asked after the interface has opened, before the kernel gives a drive its nodes.

The gates of :mod:`usbguard_py.core.gates` judge what a device says before it is configured. What its logical units
are can be known only afterwards; the kernel holds them meanwhile (docs/flow.md).
"""

import msgspec

from usbguard_py.core.codes import Code
from usbguard_py.core.content import differing
from usbguard_py.core.decision import Decision, GateResult, Status
from usbguard_py.core.device import Device
from usbguard_py.core.media import Lun, Media, facets
from usbguard_py.core.passport import Difference, Passport, differences
from usbguard_py.core.whitelist import Asset

NAME = "media"


def faces(asset: Asset | None, device: Device) -> tuple[Passport, ...]:
    """The passports of ``asset`` that fit ``device`` in full: a drive may have one for each set of media it shows."""
    if asset is None:
        return ()
    return tuple(f.passport for f in asset.fingerprints if not differences(f.passport, device))


def media(passports: tuple[Passport, ...], seen: Media) -> GateResult:
    """Whether ``seen`` is what one of ``passports`` expects; a passport without media expects nothing of them.

    Capacities and contents are compared where both sides have one, so that the gate can be asked before they are known.
    A unit that is empty in one face and not in another has a known medium, and the first face stands for no other.
    """
    if not seen:
        return _no(Difference("luns", "at least one", "none"))
    if not known_by_media(passports):
        return GateResult(NAME, facet="luns", expected="", seen=_numbers(seen))
    nearest = min((drift(media, seen) for media in _filled(_expected(passports), seen)), key=_far)
    if nearest:
        return _no(nearest[0])
    return GateResult(NAME, facet="luns", expected=_numbers(seen), seen=_numbers(seen))


def _filled(expected: list[Media], seen: Media) -> list[Media]:
    """Leave out each face in which a unit is empty that has a medium in ``seen`` and in another face with its units."""
    filled = {(lun.interface, lun.number) for lun in seen if lun.capacity}

    def named(face: Media) -> set[tuple[int, int, str]]:
        found = [(lun.interface, lun.number, lun) for lun in face if (lun.interface, lun.number) in filled]
        sized = {(interface, number, "capacity") for interface, number, lun in found if lun.capacity}
        held = {(i, n, "content") for i, n, lun in found if not isinstance(lun.content, msgspec.UnsetType)}
        return sized | held

    return [m for m in expected if not any(named(m) < named(o) and _bare(m) == _bare(o) for o in expected)]


def _bare(face: Media) -> Media:
    return tuple(msgspec.structs.replace(lun, capacity=None, content=msgspec.UNSET) for lun in face)


def _far(found: tuple[Difference, ...]) -> tuple[bool, int]:
    """How far from a passport: one with the same units is nearer than one with others, however they differ."""
    return any(one.facet == "luns" for one in found), len(found)


def drift(expected: Media, seen: Media) -> tuple[Difference, ...]:
    """The facets in which ``seen`` is not what is expected, most telling first."""
    wanted, found = ({(lun.interface, lun.number): lun for lun in media} for media in (expected, seen))
    if wanted.keys() != found.keys() or len(found) != len(seen):
        return (Difference("luns", _numbers(expected), _numbers(seen)),)
    out: list[Difference] = []
    for place, lun in wanted.items():
        sides = (facets(lun), facets(found[place]))
        exact = (facets(lun, blanks=True), facets(found[place], blanks=True))
        for facet in (f for f in exact[0] if f in exact[1] and exact[0][f] != exact[1][f]):
            told = sides if sides[0][facet] != sides[1][facet] else exact
            out.append(Difference(f"lun {lun.number} {facet}", told[0][facet], told[1][facet]))
        out += _content(lun, found[place])
    return tuple(out)


def _content(expected: Lun, seen: Lun) -> tuple[Difference, ...]:
    if isinstance(expected.content, msgspec.UnsetType) or isinstance(seen.content, msgspec.UnsetType):
        return ()
    sides = differing(expected.content, seen.content)
    return (Difference(f"lun {expected.number} content", *sides),) if sides else ()


def read_for(passports: tuple[Passport, ...]) -> frozenset[tuple[int, int]]:
    """The units, as interface and number, of which a passport says what they hold; the others are not read at all."""
    expected = (lun for media in _expected(passports) for lun in media)
    return frozenset((u.interface, u.number) for u in expected if not isinstance(u.content, msgspec.UnsetType))


def _expected(passports: tuple[Passport, ...]) -> list[Media]:
    return [p.media for p in passports if not isinstance(p.media, msgspec.UnsetType)]


def more(address: str) -> GateResult:
    """A unit that appeared after the drive was handed over, by its address ``H:C:I:L``."""
    return _no(Difference(f"lun {address.rpartition(':')[2]}", "none", address))


def decided(decision: Decision, result: GateResult) -> Decision:
    """The decision with the word of a gate added that is asked when the device is open.

    What failed is no longer allowed, and raises an alarm.
    """
    results = (*(r for r in decision.results if r.gate != result.gate), result)
    if result.code is None:
        return msgspec.structs.replace(decision, results=results)
    return msgspec.structs.replace(decision, allow=False, code=result.code, granted=(), alarm=True, results=results)


def closed_by_media(decision: Decision) -> bool:
    """Whether it was this gate that closed the drive."""
    return any(r.gate == NAME and r.code is not None for r in decision.results)


def known_by_media(passports: tuple[Passport, ...]) -> bool:
    """Whether each passport says which units the drive has."""
    return bool(passports) and not any(isinstance(p.media, msgspec.UnsetType) for p in passports)


def _no(found: Difference) -> GateResult:
    return GateResult(NAME, Code.MISMATCH, found.facet, found.expected, found.seen, Status.FAILED)


def _numbers(media: Media) -> str:
    several = len({lun.interface for lun in media}) > 1
    shown = [f"{lun.interface}.{lun.number}" if several else str(lun.number) for lun in media]
    return " ".join(shown) or "none"
