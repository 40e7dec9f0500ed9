"""``usbguard-py log verify``: whether the log is intact, and whether it is the one that was sealed."""

from pathlib import Path
from typing import NoReturn

import click
import msgspec

from usbguard_py import paths
from usbguard_py.cli.commands import Command, option
from usbguard_py.cli.output import json_out, say
from usbguard_py.cli.words import moment, number
from usbguard_py.core.seal import seal as code_of
from usbguard_py.errors import Usage
from usbguard_py.errors_seal import SealBeyondEnd, SealBroken, SealOfAnotherLog, SealRewritten
from usbguard_py.i18n import N_, _
from usbguard_py.shell.reader import Reader
from usbguard_py.shell.seals import Held, typed
from usbguard_py.shell.signing import programs
from usbguard_py.shell.verify import Checked, see_machine
from usbguard_py.shell.verify import verify as checked
from usbguard_py.tampering import Kind

SHA256 = 32  # bytes, FIPS 180-4
_ERRORS: dict[str, type[SealBroken]] = {
    Kind.REWRITTEN: SealRewritten,
    Kind.OTHER_LEDGER: SealOfAnotherLog,
    Kind.ROLLED_BACK: SealBeyondEnd,
}


@click.command(
    "verify",
    cls=Command,
    help=N_(
        "Verify that no record was changed, removed or added afterwards; exit code 1 when one was.\n\n"
        "FILE is an exported log or a database, also from another computer. Without it: this computer's log. Who has "
        "the computer's administrator rights can write a whole log anew, and only a seal on paper shows that: give it "
        "with --seal, as often as there are papers."
    ),
    examples=[
        "usbguard-py log verify",
        "usbguard-py log verify log-20261121.jsonl",
        "usbguard-py log verify --seal 0016K-3X9QT-M2T4B-8HZP0-40QKD-7V3NA-Z1C8M-55TRX",
    ],
)
@click.argument("file", required=False)
@option("--seal", "seals", multiple=True, metavar="CODE", help=N_("A seal code from a paper; hyphens may be left out."))
@option("--earlier", metavar="FILE", help=N_("Also see that the log goes on from FILE, exported from it before."))
@option("--expect", metavar="N:HASH", help=N_("Also see that record N has this hash, as it was written down earlier."))
def command(
    file: str | None,
    seals: tuple[str, ...],
    earlier: str | None,
    expect: str | None,
    as_json: bool,  # noqa: FBT001 - click's flag
) -> None:
    """Print the result.

    Raises:
        LedgerBroken: with the first bad record.
        SealUnreadable: a code was not copied as it was printed.
        SealBroken: the log is intact and not the one that was sealed.
    """
    codes = typed(seals)
    path = Path(file) if file else paths.DATABASE
    if not file:
        Reader(path).close()  # says what is wrong with this computer's own, such as the reader's role
    known = [*([_expected(expect)] if expect else []), *([_of(Path(earlier))] if earlier else [])]
    result = checked(path, *known[:1], seals=codes)
    if known[1:]:
        checked(path, known[1])
    if not file:
        see_machine(result)
    bad = [one for one in result.seals if one.kind]
    if as_json and not bad:
        json_out({"intact": True, "file": str(path), "seal": _code(result), **msgspec.to_builtins(result)})
        return
    if not as_json:
        _tell(result)
    if bad:
        _refuse(bad[0], result)


def _code(result: Checked) -> str:
    return code_of(result.last, result.ledger, bytes.fromhex(result.head)) if result.last else ""


def _tell(result: Checked) -> None:
    text = _("LOG INTACT: {count} records, last hash {head}.")
    say(
        text.format(count=number(result.entries), head=result.head), "" if any(s.kind for s in result.seals) else "good"
    )
    if result.entries:
        text = _("First record {first}, last record {last}.")
        say(text.format(first=moment(result.first_at, zone=True), last=moment(result.last_at, zone=True)))
        say(_("Seal code of the last record: {code}").format(code=_code(result)))
    for moved in result.moved:
        text = _("From record {seq} of {time} on it was written on another computer, or the system was installed anew.")
        say(text.format(seq=number(moved.seq), time=moment(moved.at, zone=True)), "warn")
    tell_signed(result)
    for one in result.seals:
        if not one.kind:
            text = _("SEAL {code} HOLDS: record {seq} of {time}, and every record before it, is as it was sealed.")
            say(text.format(code=one.code, seq=number(one.seq), time=moment(one.at, zone=True)), "good")
    if not result.seals:
        say(_("Whether the whole log was written anew shows only a seal from a paper: --seal CODE"), "dim")


def tell_signed(result: Checked) -> None:
    """Up to where the log is signed, by which key, or that it is not."""
    for one in result.signed:
        if one.checked:
            text, style = _("Signed up to record {seq} with the key {key}; the signature is good."), ""
        else:
            text, style = (
                _("Signed up to record {seq} with the key {key}; NOT CHECKED: neither openssl nor ssh-keygen."),
                "warn",
            )
        say(text.format(seq=number(one.seq), key=one.key), style)
    if not result.signed:
        text = _("No record of it is signed.")
        lacking = "" if programs() else _("On this computer there is neither openssl nor ssh-keygen.")
        say(f"{text} {lacking}".strip(), "dim")


def _refuse(one: Held, result: Checked) -> NoReturn:
    known = {"tampering": one.kind, "record": one.seq, "code": one.code, "group": one.group, "there": one.there}
    numbers = {"seq": one.seq, "first": one.after + 1, "last": result.last}
    raise _ERRORS[one.kind](**known, **{name: number(value) for name, value in numbers.items()})


def _of(earlier: Path) -> tuple[int, bytes]:
    """Number and hash of the last record of a log that was exported before; that file is verified, too.

    Raises:
        LedgerBroken, BadInput: it is not intact, or no exported log.
    """
    result = checked(earlier)
    return result.last, bytes.fromhex(result.head)


def _expected(text: str) -> tuple[int, bytes]:
    seq, _colon, digest = text.partition(":")
    try:
        raw = bytes.fromhex(digest)
        if len(raw) == SHA256 and seq.isdigit():
            return int(seq), raw
    except ValueError:
        pass
    raise Usage(detail=_("--expect is a record number, a colon and 64 hex digits"))
