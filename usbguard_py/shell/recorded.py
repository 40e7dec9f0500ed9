"""What a stored entry says that no column of its own holds: functions that queries of the log use."""

import msgspec

from usbguard_py.buses.usb_recorded import kind_of


class _Recorded(msgspec.Struct, frozen=True, gc=False):
    interfaces: tuple[str, ...] = ()
    by: object = None


_DECODE = msgspec.json.Decoder(_Recorded).decode


def device_kind(body: str) -> str:
    """The kind of the device of a decision; empty for any other entry, and for one that cannot be read."""
    found = _decoded(body)
    return kind_of(found.interfaces) if found and found.interfaces else ""


def who(body: str) -> str:
    """The account and the login by which a change was made, as one text; empty when nobody is named."""
    found = _decoded(body)
    named = found.by if found else None
    if isinstance(named, dict):
        return f"{named.get('user') or ''} {named.get('login') or ''}".strip()
    return named if isinstance(named, str) else ""


def _decoded(body: str) -> _Recorded | None:
    try:
        return _DECODE(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
