"""Entries about seals and checkpoints: what proves later that nothing before it was changed."""

from collections.abc import Mapping

from usbguard_py.core.record import Body, bounded


def seal(minutes: str, by: Mapping[str, object]) -> Body:
    """Kind ``seal``: somebody took this very entry's number and hash as a code; ``minutes`` is the paper it is for."""
    return {"minutes": bounded(minutes), "by": dict(by)}
