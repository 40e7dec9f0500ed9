"""Entries about seals and checkpoints: what proves later that nothing before it was changed."""

from collections.abc import Mapping

import msgspec

from usbguard_py.core.checkpoint import Checkpoint
from usbguard_py.core.record import Body, bounded


def seal(minutes: str, by: Mapping[str, object]) -> Body:
    """Kind ``seal``: somebody took this very entry's number and hash as a code; ``minutes`` is the paper it is for."""
    return {"minutes": bounded(minutes), "by": dict(by)}


def checkpoint(made: Checkpoint) -> Body:
    """Kind ``checkpoint``: entry ``of`` was signed with the machine's key."""
    return msgspec.structs.asdict(made)
