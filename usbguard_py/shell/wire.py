"""The control socket's wire format, for both ends: pure functions, no socket.

Varlink's format (varlink.org, "Method Call"): each message is one JSON object in UTF-8 followed by
one NUL byte. A call is ``{"method": …, "parameters": {…}, "more": true?}``, an answer
``{"parameters": {…}, "continues": true?}``, a refusal ``{"error": name, "parameters": {facts}}``.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from usbguard_py import errors
from usbguard_py.core.requests import INTERFACE, MAX_REQUEST, Request
from usbguard_py.errors import BadMessage, GuardError

MAX_FACT = 512  # characters of one fact in an error message
MAX_ANSWER = 16 * 1024 * 1024  # bytes; 127 devices on each of some buses, each with its gates and descriptors

_KINDS: dict[str, type[GuardError]] = {kind.__name__: kind for kind in errors.kinds()}


def encode(message: Mapping[str, Any]) -> bytes:
    """``message`` as one frame. JSON has no raw NUL, so the end of a frame is never inside it (RFC 8259, 7)."""
    return msgspec.json.encode(message) + b"\0"


def call_message(request: Request, *, more: bool = False) -> dict[str, Any]:
    """The call that carries ``request``; ``more`` asks for a stream of answers."""
    message: dict[str, Any] = {
        "method": f"{INTERFACE}.{type(request).__name__}",
        "parameters": request,
    }
    if more:
        message["more"] = True
    return message


class Frames:
    """Cuts a stream of bytes into messages; holds at most ``limit`` bytes.

    Args:
        limit: bytes of one message without its NUL; a server uses the default (64 KiB).
    """

    def __init__(self, limit: int = MAX_REQUEST) -> None:
        self._limit = limit
        self._held = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The messages that are complete now, in order.

        Raises:
            BadMessage: a message is too long, no JSON, or no object. The stream cannot go on after it.
        """
        first, *more = data.split(b"\0")
        self._take(first)
        messages = []
        for part in more:
            messages.append(_message(bytes(self._held)))
            self._held.clear()
            self._take(part)
        return messages

    def _take(self, part: bytes) -> None:
        if len(self._held) + len(part) > self._limit:
            raise BadMessage(detail=f"longer than {self._limit} bytes")
        self._held += part


def _message(raw: bytes) -> dict[str, Any]:
    try:
        message = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage(detail="not JSON") from error
    if not isinstance(message, dict):
        raise BadMessage(detail="not a JSON object")
    return message


def error_message(error: GuardError) -> dict[str, Any]:
    """``error`` as a message: its class by name, and its facts, so that the client shows it in its own language."""
    facts = {name: _plain(value) for name, value in error.facts.items()}
    return {"error": f"{INTERFACE}.{type(error).__name__}", "parameters": facts}


def error_from(message: Mapping[str, Any]) -> GuardError:
    """The error that ``message`` carries; an unknown name becomes a ``GuardError`` that tells it."""
    interface, _, name = str(message.get("error", "")).rpartition(".")
    facts = message.get("parameters") or {}
    kind = _KINDS.get(name) if interface == INTERFACE else None
    if kind is None or not isinstance(facts, dict):
        return GuardError(detail=f"{interface}.{name}"[:MAX_FACT])
    return kind(**{str(key): _plain(value) for key, value in facts.items()})


def _plain(value: object) -> str | int | bool | None:
    return value if value is None or isinstance(value, int) else str(value)[:MAX_FACT]
