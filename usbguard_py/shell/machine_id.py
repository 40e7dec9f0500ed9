"""Which installed system this is, without giving away by which number others know it."""

import hashlib
import re

from usbguard_py import paths

_ID = re.compile(r"[0-9a-f]{32}")
_OURS = b"usbguard-py/machine/1"


def machine_id() -> str:
    """A digest of ``/etc/machine-id`` in hex that only we use; empty where there is none.

    The id itself is to be shown to nobody; a keyed hash of it is what its manual asks for (machine-id(5)).
    """
    try:
        text = (paths.CONFIG.parent / "machine-id").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    if not _ID.fullmatch(text):
        return ""  # "uninitialized", on a first start
    return hashlib.blake2b(_OURS, key=bytes.fromhex(text), digest_size=16).hexdigest()
