"""What the ledger says of the machine itself, beside :mod:`usbguard_py.core.record`: sleep, devices never seen."""

from collections.abc import Mapping

from usbguard_py.core.record import Body, bounded
from usbguard_py.core.text import escaped


def sleep(since: str, ms: int) -> Body:
    """Kind ``sleep``: since ``since`` (RFC 3339) the machine slept for ``ms`` milliseconds; nobody judged meanwhile.

    ``ms`` is 0 for a sleep that only the kernel's own count tells of.
    """
    return {"from": since, "ms": ms}


def unenumerated(port: str, detail: str) -> Body:
    """Kind ``unenumerated``: the kernel gave up a device at ``port``; ``detail`` is what its log says of it."""
    return {"name": bounded(port), "detail": bounded(detail)}


def sink(name: str, detail: str, lost: int, works: bool) -> Body:  # noqa: FBT001 - a fact, no switch
    """Kind ``sink``: somebody who is told of entries beside the ledger could not be; or can be again (``works``).

    ``lost`` is how many notes did not arrive since it was last said.
    """
    said = f"works again; records lost: {lost}" if works else f"cannot be reached: {detail}"
    return {"name": name, "detail": bounded(said), "lost": lost, "works": works, "alarm": not works or lost > 0}


def view(command: str, asked: str, more_before: int, by: Mapping[str, object]) -> Body:
    """Kind ``view``: somebody looked at the log by ``command``, with the conditions ``asked``.

    ``more_before`` is how often the same account looked since its last entry.
    """
    said = {"command": bounded(_shown(command), 64), "asked": bounded(_shown(asked))}
    return {**said, "more_before": more_before, "by": dict(by)}


def _shown(text: str) -> str:
    return escaped(text.encode(errors="surrogatepass"))


def disk(level: str, free: int, total: int) -> Body:
    """Kind ``disk``: the room for the log fell below a threshold, or is enough again; in MiB."""
    return {"level": level, "free_mib": free, "total_mib": total, "detail": f"{free} MiB of {total} MiB are free"}
