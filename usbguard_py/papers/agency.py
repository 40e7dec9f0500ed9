"""What an agency says of itself once, so that nobody types it for every paper: ``/etc/usbguard-py/agency.toml``."""

import msgspec

from usbguard_py.papers.strict import read


class Agency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of the file; each is left out where there is nothing to say, and is then asked for.

    ``body_above`` may be empty: there is no superior body. ``keeper`` is who keeps the list. ``contact`` is who is
    called when a lost or copied device was plugged in, with a telephone number.
    """

    body_above: str | None = None
    body: str | None = None
    body_code: str | None = None
    place: str | None = None
    keeper: str | None = None
    keeper_position: str | None = None
    keeper_unit: str | None = None
    contact: str | None = None


def read_agency(text: str, origin: str) -> Agency:
    """The agency of a file.

    Raises:
        BadPaperFile: see :func:`usbguard_py.papers.strict.read`.
    """
    return read(text, origin, Agency)
