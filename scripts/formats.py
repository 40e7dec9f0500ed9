"""The man pages of the two file formats, from the table of settings and the tables of words."""

from collections.abc import Callable, Iterator

from usbguard_py.cli.words import KINDS, OUTCOMES
from usbguard_py.core.codes import SENTENCES
from usbguard_py.i18n import N_, _
from usbguard_py.policy.read import MAX_SIZE
from usbguard_py.policy.table import KNOBS, spelled

Lines = Callable[..., Iterator[str]]

POLICY = N_(
    "A policy is a TOML 1.0 file of at most {size} bytes. It sets what stands below and nothing else. An unknown "
    "key, a key given twice or a value of the wrong type or out of range is an error that names file and line; "
    "the policy in force then stays as it is.\n\n"
    "A file has no effect by itself: `usbguard-py policy use` stores its text in the database, with a record in "
    "the log."
)
LEDGER = N_(
    "The log is the table ledger of the database: one record a row, never changed, never removed. A record is a "
    "JSON object, stored as the bytes that were written, with sorted keys and without floats. Its hash is the "
    "SHA-256 of the 21 bytes “usbguard-py/ledger/1” and NUL, the 32 bytes of the hash before it (zeros for the "
    "first), and the record's bytes; so a change anywhere changes every later hash.\n\n"
    "`usbguard-py log export` writes the records unchanged, one a line, and `usbguard-py log verify` checks a "
    "database or an exported file on any computer. The document ledger-format.md describes every field.\n\n"
    "Every record has seq, kind, at (local time with offset), mono_ms (milliseconds since the computer started) "
    "and boot. A code never changes its meaning and is never translated."
)
_TYPES = {str: N_("text"), bool: N_("true or false"), int: N_("whole number")}


def policy(definitions: Lines, paragraphs: Lines) -> Iterator[str]:
    """usbguard-py-policy(5)."""
    yield from _section(N_("DESCRIPTION"))
    yield from paragraphs(_(POLICY).format(size=MAX_SIZE))
    yield from _section(N_("SETTINGS"))
    yield from definitions((knob.name, f"{_(knob.meaning)} {_about(knob)}") for knob in KNOBS)
    yield from _section(N_("EXAMPLES"))
    yield from (".nf", ".RS", 'name = "mau"', "enforce = true", "keyboards = 1", ".RE", ".fi")


def _about(knob) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001 - a row of that table
    said = _(_TYPES[knob.type])
    if knob.type is int:
        said += _(", from {lowest} to {highest}").format(lowest=knob.lowest, highest=knob.highest)
    if knob.default is None:
        return "({})".format(said + _(", must be given"))
    return "({})".format(said + _(", {default} if not given").format(default=spelled(knob.default)))


def ledger(definitions: Lines, paragraphs: Lines) -> Iterator[str]:
    """usbguard-py-ledger(5)."""
    yield from _section(N_("DESCRIPTION"))
    yield from paragraphs(_(LEDGER))
    yield from _section(N_("KINDS"))
    yield from definitions((kind, _(text)) for kind, text in KINDS.items())
    yield from _section(N_("OUTCOMES"))
    yield from definitions((word, _(text)) for word, text in OUTCOMES.items())
    yield from _section(N_("CODES"))
    yield from definitions((str(code), _(text)) for code, text in SENTENCES.items())


def _section(name: str) -> Iterator[str]:
    yield f'.SH "{_(name)}"'
