"""``usbguard-py log checkpoint``: sign the last record with the machine's key; a timer does it every hour."""

import msgspec

from usbguard_py import paths
from usbguard_py.cli.answers import Done, typed
from usbguard_py.cli.commands import Command
from usbguard_py.cli.output import json_out, say
from usbguard_py.cli.words import number
from usbguard_py.core.checkpoint import Checkpoint, fingerprint, statement
from usbguard_py.core.requests import LogCheckpoint
from usbguard_py.errors import NotFound, PermissionRefused
from usbguard_py.i18n import N_, _
from usbguard_py.shell.client import call
from usbguard_py.shell.reader import Reader
from usbguard_py.shell.signing import sign


def checkpoint(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Sign, have it recorded, say what the key is known by. Nothing is done when the last record is a checkpoint.

    Raises:
        PermissionRefused: the key cannot be read.
        CannotSign: neither openssl nor ssh-keygen is there.
    """
    with Reader(paths.DATABASE) as reader:
        last, ledger = reader.last(), reader.machine().id
    if last is None:
        raise NotFound(what="record", name="1")
    if last.kind == "checkpoint":
        if as_json:
            json_out({"seq": last.seq, "new": False})
        else:
            say(_("The last record is a checkpoint; there is nothing to sign."))
        return
    try:
        key, signature = sign(statement(ledger, last.seq, last.hash.hex()))
    except PermissionError as error:
        raise PermissionRefused(role="administrator") from error
    made = Checkpoint(last.seq, last.hash.hex(), key.hex(), signature.hex())
    done = typed(call(LogCheckpoint(**msgspec.structs.asdict(made))), Done)
    if as_json:
        json_out({"seq": done.seq, "new": True, "of": last.seq, "key": fingerprint(made.key)})
        return
    text = _("The log is signed up to record {of}; the checkpoint is record {seq}. Signing key: {key}")
    say(text.format(of=number(last.seq), seq=number(done.seq), key=fingerprint(made.key)), "good")


command = Command(
    "checkpoint",
    callback=checkpoint,
    params=[],
    help=N_(
        "Sign the last record with the Ed25519 key of this computer, by openssl or ssh-keygen.\n\n"
        "A timer does this every hour. The key is made the first time, in /var/lib/usbguard-py-signing; only root can "
        "read it. A log that somebody changed who never had the key is found by it, as a file, too: log verify."
    ),
    examples=["usbguard-py log checkpoint"],
)
