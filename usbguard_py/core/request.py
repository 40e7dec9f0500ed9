"""The root of what is asked on the control socket; the requests themselves: :mod:`usbguard_py.core.requests`."""

from typing import ClassVar

import msgspec


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Root of all requests."""

    ROLE: ClassVar[str] = "auditor"
    CHANGES: ClassVar[bool] = False
