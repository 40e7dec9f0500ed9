"""What a client reads of the control socket: messages in a stream, and the errors that they carry. No socket here.

The format is said in :mod:`usbguard_py.shell.wire`, which the daemon uses; here is what a command needs that only asks
and shows (docs/adr/0190-the-quick-door.md). Answers are root's; requests, which anybody may send, are read there.
"""

from collections.abc import Mapping

from usbguard_py.core.interface import INTERFACE, MAX_REQUEST
from usbguard_py.errors import BadMessage, GuardError, kinds

TYPE_CHECKING = False  # usbguard_py.plain says why
if TYPE_CHECKING:
    from typing import Any

MAX_FACT = 512  # characters of one fact in an error message


class Frames:
    """Cuts a stream of bytes into messages; holds at most ``limit`` bytes.

    Args:
        limit: bytes of one message without its NUL; a server uses the default (64 KiB).
    """

    def __init__(self, limit: int = MAX_REQUEST) -> None:
        self._limit = limit
        self._held = bytearray()

    def feed(self, data: bytes) -> "list[dict[str, Any]]":
        """The messages that are complete now, in order.

        Raises:
            BadMessage: a message is too long, no JSON, or no object. The stream cannot go on after it.
        """
        first, *more = data.split(b"\0")
        self._take(first)
        messages = []
        for part in more:
            message = self.decoded(bytes(self._held))
            if not isinstance(message, dict):
                raise BadMessage(detail="not a JSON object")
            messages.append(message)
            self._held.clear()
            self._take(part)
        return messages

    def _take(self, part: bytes) -> None:
        if len(self._held) + len(part) > self._limit:
            raise BadMessage(detail=f"longer than {self._limit} bytes")
        self._held += part

    def decoded(self, raw: bytes) -> object:
        """One message.

        Raises:
            BadMessage: no JSON.
        """
        import json  # noqa: PLC0415 - the daemon, which reads by msgspec, does without it

        try:
            found: object = json.loads(raw.decode())
        except (ValueError, RecursionError) as error:
            raise BadMessage(detail="not JSON") from error
        return found


def question(method: str, parameters: "Mapping[str, str]") -> bytes:
    """The call of a method whose parameters are texts, as one frame."""
    import json  # noqa: PLC0415 - as above

    call = {"method": f"{INTERFACE}.{method}", "parameters": dict(parameters)}
    return json.dumps(call).encode() + b"\0"


def error_from(message: "Mapping[str, Any]") -> GuardError:
    """The error that ``message`` carries; an unknown name becomes a ``GuardError`` that tells it."""
    interface, _, name = str(message.get("error", "")).rpartition(".")
    facts = message.get("parameters") or {}
    kind = next((one for one in kinds() if one.__name__ == name), None) if interface == INTERFACE else None
    if kind is None or not isinstance(facts, dict):
        return GuardError(detail=f"{interface}.{name}"[:MAX_FACT])
    return kind(**{str(key): bounded(value) for key, value in facts.items()})


def bounded(value: object) -> str | int | bool | None:
    """A fact of an error as it travels."""
    return value if value is None or isinstance(value, int) else str(value)[:MAX_FACT]
