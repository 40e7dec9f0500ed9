"""The control socket's wire format, for both ends: pure functions, no socket.

Varlink's format (varlink.org, "Method Call"): each message is one JSON object in UTF-8 followed by
one NUL byte. A call is ``{"method": …, "parameters": {…}, "more": true?}``, an answer
``{"parameters": {…}, "continues": true?}``, a refusal ``{"error": name, "parameters": {facts}}``.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from usbguard_py.core.interface import INTERFACE
from usbguard_py.core.requests import Request
from usbguard_py.errors import BadMessage, GuardError
from usbguard_py.shell import frames


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


class Frames(frames.Frames):
    """Messages of anybody, read strictly: JSON as RFC 8259 has it and nothing more."""

    def decoded(self, raw: bytes) -> object:
        """One message.

        Raises:
            BadMessage: no JSON.
        """
        try:
            return msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadMessage(detail="not JSON") from error


def error_message(error: GuardError) -> dict[str, Any]:
    """``error`` as a message: its class by name, and its facts, so that the client shows it in its own language."""
    facts = {name: frames.bounded(value) for name, value in error.facts.items()}
    return {"error": f"{INTERFACE}.{type(error).__name__}", "parameters": facts}
