"""``usbguard-py log seal``: a code for paper by which it shows later whether anything before it was changed."""

from usbguard_py import paths
from usbguard_py.cli.answers import Sealed, typed
from usbguard_py.cli.commands import Command, Option
from usbguard_py.cli.log_verify import tell_signed
from usbguard_py.cli.output import json_out, say
from usbguard_py.cli.words import moment, number
from usbguard_py.core.requests import LogSeal
from usbguard_py.core.seal import seal as code_of
from usbguard_py.errors import GuardError
from usbguard_py.i18n import N_, _
from usbguard_py.shell.client import call
from usbguard_py.shell.reader import Reader
from usbguard_py.shell.verify import Checked, see_machine, verify

IN_A_LINE = 4  # groups
BAD_TEXT = 65  # EX_DATAERR: what was typed cannot be stored; nothing is wrong with the log


def seal(minutes: str, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Have the seal recorded, verify the log up to it, print the code.

    Raises:
        LedgerBroken: the log is not intact; no code is printed.
        BadInput: a text that cannot be stored.
    """
    with Reader(paths.DATABASE) as reader:  # says what is wrong with this computer's own, such as the reader's role
        name = reader.machine().name
    asked, problem = _recorded(minutes)
    result = verify(paths.DATABASE, (asked.seq, bytes.fromhex(asked.head)) if asked.seq else None)
    see_machine(result)
    seq, head = (asked.seq, asked.head) if asked.seq else (result.last, result.head)
    code = code_of(seq, result.ledger, bytes.fromhex(head))
    if as_json:
        known = {"seal": code, "seq": seq, "head": head, "at": result.last_at, "ledger": result.ledger}
        json_out({**known, "machine": name, "recorded": asked.seq, "intact": True})
        return
    _tell(code, seq, name, result)
    if not asked.seq:
        say(_("The seal is not in the log. {problem}").format(problem=problem), "warn")


def _recorded(minutes: str) -> tuple[Sealed, str]:
    """Number and hash of the entry; 0 and why there is none, since a log without its daemon can be sealed, too."""
    try:
        return typed(call(LogSeal(minutes=minutes)), Sealed), ""
    except GuardError as error:
        if error.exit_code == BAD_TEXT:
            raise
        return Sealed(), str(error)


def _tell(code: str, seq: int, name: str, result: Checked) -> None:
    text = _("LOG INTACT: {count} records, from {first} to {last}.")
    times = {"first": moment(result.first_at, zone=True), "last": moment(result.last_at, zone=True)}
    say(text.format(count=number(result.entries), **times), "good")
    say()
    say(_("Seal code of record {seq}, computer {name}:").format(seq=number(seq), name=name))
    say()
    groups = code.split("-")
    for at in range(0, len(groups), IN_A_LINE):
        say("   ".join(groups[at : at + IN_A_LINE]), "head", indent=6)
    say()
    tell_signed(result)
    say(
        "→ "
        + _(
            "Write these 8 groups into the minutes by hand, and have somebody read them back. 0 is a zero and 1 a one: "
            "there are no letters I, L, O and U."
        )
    )
    say("→ " + _("To prove later that nothing before it was changed, here or with an exported log:"))
    say(f"usbguard-py log verify --seal {code}", indent=2)


command = Command(
    "seal",
    callback=seal,
    params=[Option(["--minutes"], default="", metavar="TEXT", help=N_("Number of the paper that the code is for."))],
    help=N_(
        "Verify the log and print a code of 8 groups to write into paper minutes.\n\n"
        "The code stands for every record up to this moment. Whoever changes, removes or replaces one of them "
        "afterwards, even as administrator of the computer, is found out with it: log verify --seal CODE. An auditor "
        "may do this; that somebody did becomes the last sealed record."
    ),
    examples=["usbguard-py log seal", "usbguard-py log seal --minutes 12/BB-KT"],
)
