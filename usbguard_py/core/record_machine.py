"""What the ledger says of the machine itself, beside :mod:`usbguard_py.core.record`: sleep, devices never seen."""

from usbguard_py.core.record import Body, bounded


def sleep(since: str, ms: int) -> Body:
    """Kind ``sleep``: since ``since`` (RFC 3339) the machine slept for ``ms`` milliseconds; nobody judged meanwhile.

    ``ms`` is 0 for a sleep that only the kernel's own count tells of.
    """
    return {"from": since, "ms": ms}


def unenumerated(port: str, detail: str) -> Body:
    """Kind ``unenumerated``: the kernel gave up a device at ``port``; ``detail`` is what its log says of it."""
    return {"name": bounded(port), "detail": bounded(detail)}
