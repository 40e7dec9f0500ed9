"""The sentence and the remedy of a finding, in the language in use."""

from collections.abc import Callable

from usbguard_py.cli.words import moment, phrase, word
from usbguard_py.core.built_in import WORDS
from usbguard_py.core.findings import FINDINGS, Finding
from usbguard_py.i18n import translate
from usbguard_py.shell.clock import rfc3339


def said(finding: Finding) -> str:
    """Its sentence."""
    return translate(FINDINGS[finding.name].sentence).format_map(_facts(finding))


def remedy(finding: Finding) -> str:
    """What to type; empty where nothing is to be done."""
    return translate(FINDINGS[finding.name].remedy).format_map(_facts(finding))


def _facts(finding: Finding) -> dict[str, str]:
    return {name: SHOWN[name](value) if name in SHOWN else value for name, value in finding.facts.items()}


def _moment(seconds: str) -> str:
    return moment(rfc3339(int(seconds) * 1000))


def _part(name: str) -> str:
    """A part of the floor: ``initramfs 6.1.0-1-amd64`` keeps its version."""
    from usbguard_py.cli.floor import PARTS  # noqa: PLC0415 - only where the floor is open

    first, space, rest = name.partition(" ")
    return word(PARTS, first) + space + rest


SHOWN: dict[str, Callable[[str], str]] = {
    "what": lambda name: word(WORDS, name) if name in WORDS else translate(name),
    "detail": phrase,
    "date": _moment,
    "newest": _moment,
    "part": _part,
    "parts": lambda names: ", ".join(_part(name) for name in names.split(", ")),
}
