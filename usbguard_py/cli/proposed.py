"""What a proposal proposes, in a word or two; the proposals themselves: :mod:`usbguard_py.cli.proposals`."""

from usbguard_py.cli.move_words import WORDS
from usbguard_py.cli.words import KINDS, word
from usbguard_py.i18n import _


def what(verb: str) -> str:
    """What is proposed, in a word or two."""
    from usbguard_py.core.four_eyes import LEARN  # noqa: PLC0415 - brings the whole list along, and is asked rarely

    return word(KINDS, "list-learn") if verb == LEARN else _(WORDS[verb].event) if verb in WORDS else verb
