"""The media of a passport in words, for the commands that show one."""

import msgspec

from usbguard_py.cli.words import number
from usbguard_py.core.content import told
from usbguard_py.core.media import Lun, described
from usbguard_py.core.passport import Passport
from usbguard_py.i18n import N_, _, language

KINDS = {"sd": N_("disk"), "sr": N_("CD or DVD")}


def units(passport: Passport) -> list[tuple[str, str]]:
    """One line for each logical unit, or one that says that they are not part of the passport."""
    if isinstance(passport.media, msgspec.UnsetType):
        return [(_("Media"), _("not part of the passport; what the drive shows is only recorded"))]
    return [(_("Logical unit {number}").format(number=lun.number), _unit(lun)) for lun in passport.media]


def _unit(lun: Lun) -> str:
    kind = _(KINDS[lun.driver]) if lun.driver else _("type {number}").format(number=lun.type)
    size = "" if lun.capacity is None else _size(lun.capacity)
    held = "" if isinstance(lun.content, msgspec.UnsetType) else "; ".join(told(lun.content))
    return ", ".join(text for text in (kind, described(lun), size, held) if text)


def _size(count: int) -> str:
    """As makers print it, in units of 1000, and exactly."""
    unit, name = (10**9, "GB") if count >= 10**9 else (10**6, "MB")
    tenths = (count * 10 + unit // 2) // unit
    about = number(tenths // 10) + (decimal(tenths % 10) if tenths % 10 else "")
    exact = _("{count} bytes").format(count=number(count))
    return f"{about} {name} ({exact})" if tenths else exact


def decimal(tenths: int) -> str:
    """The tenths of a number with the mark before them: a comma in Vietnamese."""
    return f".{tenths}" if language() == "en" else f",{tenths}"
