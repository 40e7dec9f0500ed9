"""What a form may say of a device in its table."""

from collections.abc import Callable, Mapping

import msgspec

from usbguard_py.core.dates import passed
from usbguard_py.core.text import escaped
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.i18n import speaking, translate
from usbguard_py.phrases import CUSTODY

_MEGABYTE = 10**6


class Row(msgspec.Struct, frozen=True):
    """A device of the list in a row: its number on the paper, and the day by which dates are judged."""

    number: int
    asset: Asset
    language: str
    today: str


def written(day: str, language: str) -> str:
    """A day (``2026-11-22``) as it is written on paper: 22/11/2026 in Vietnamese."""
    year, month, date = day.split("-")
    return day if language == "en" else f"{date}/{month}/{year}"


def _day(name: str) -> Callable[[Row], str]:
    def fact(row: Row) -> str:
        value = getattr(row.asset, name)
        return written(value[:10], row.language) if isinstance(value, str) and value else ""

    return fact


def _of(name: str) -> Callable[[Row], str]:
    return lambda row: str(getattr(row.asset, name))


def _shown(digits: str | None) -> str:
    return escaped(bytes.fromhex(digits or ""))


def _model(row: Row) -> str:
    """Maker and product as the device names itself, escaped."""
    passport = row.asset.fingerprints[0].passport if row.asset.fingerprints else None
    if passport is None:
        return ""
    maker, product = _shown(passport.manufacturer), _shown(passport.product)
    return product if product.casefold().startswith(maker.casefold()) else f"{maker} {product}".strip()


def _serial(row: Row) -> str:
    """What stands on the shell; below it what the device says, where that is another."""
    printed, electronic = row.asset.printed_serial, _shown(row.asset.electronic_serial)
    if not printed or printed == electronic:
        return electronic
    return f"{printed}\n({electronic})" if electronic else printed


def _state(row: Row) -> str:
    state, last = row.asset.state, row.asset.expires_on
    if state is Custody.IN_USE and isinstance(last, str) and passed(last, row.today):
        state = Custody.EXPIRED
    with speaking(row.language):
        return translate(CUSTODY[state])


def _capacity(row: Row) -> str:
    """Of the largest disk, in gigabytes of 10^9 bytes, as makers print it."""
    media = [face.passport.media for face in row.asset.fingerprints]
    sizes = [lun.capacity or 0 for one in media if isinstance(one, tuple) for lun in one]
    size = max(sizes, default=0) // _MEGABYTE
    text = f"{size / 1000:.1f}".removesuffix(".0") if size else ""
    return f"{text if row.language == 'en' else text.replace('.', ',')} GB" if text else ""


def _holder(row: Row) -> str:
    return "\n".join(text for text in (row.asset.holder, row.asset.unit) if text)


READ: Mapping[str, Callable[[Row], str]] = {
    "row": lambda row: str(row.number),
    "number": _of("id"),
    "name": lambda row: row.asset.label or _model(row),
    "label": _of("label"),
    "model": _model,
    "serial": _serial,
    "printed_serial": _of("printed_serial"),
    "electronic_serial": lambda row: _shown(row.asset.electronic_serial),
    "capacity": _capacity,
    "holder": _of("holder"),
    "unit": _of("unit"),
    "holder_and_unit": _holder,
    "origin": _of("document"),
    "state": _state,
    "reason": _of("reason"),
    "reason_document": _of("reason_document"),
    "expires_on": _day("expires_on"),
    "inspected_on": _day("inspected_on"),
    "inspected_until": _day("inspected_until"),
    "added_on": _day("added_at"),
    "blank": lambda _row: "",
}
FACTS = tuple(READ)
