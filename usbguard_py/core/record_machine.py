"""What the ledger says of the machine itself, beside :mod:`usbguard_py.core.record`: sleep, devices never seen."""

from usbguard_py.core.record import Body, bounded


def sleep(since: str, ms: int, times: int) -> Body:
    """Kind ``sleep``: since ``since`` (RFC 3339) the machine slept ``ms`` milliseconds and woke, ``times`` times.

    Nobody judged meanwhile. ``times`` is 0 when the kernel does not count, as for hibernation.
    """
    return {"from": since, "ms": ms, "times": times}


def unenumerated(port: str, detail: str) -> Body:
    """Kind ``unenumerated``: the kernel gave up a device at ``port``; ``detail`` is what its log says of it."""
    return {"name": bounded(port), "detail": bounded(detail)}
