"""The lab: a guest with a real kernel, real USB buses and a witness, driven from the host. See README.md."""

from .control import CommandFailed, Process, Result
from .guest import Guest
from .image import Image, LabError
from .lab import Lab
from .ports import Plugged
from .witness import Event, Verdict, Witness

__all__ = [
    "CommandFailed", "Event", "Guest", "Image", "Lab", "LabError", "Plugged", "Process", "Result", "Verdict", "Witness",
]  # fmt: skip
