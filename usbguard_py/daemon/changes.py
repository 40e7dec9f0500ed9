"""Changes to the list, as flows: the change and its entry first, then its effect."""

from typing import Any

import msgspec

from usbguard_py.contents import Wanted
from usbguard_py.core.given import FACTS, checked, see_inspection
from usbguard_py.core.passport import Passport, alike
from usbguard_py.core.record import Entry
from usbguard_py.core.requests import (
    WhitelistAdd,
)
from usbguard_py.core.whitelist import Asset, Custody, Fingerprint
from usbguard_py.daemon import second
from usbguard_py.daemon.examination import connected, examined
from usbguard_py.daemon.flow import Flow
from usbguard_py.daemon.judge import Judge
from usbguard_py.errors import (
    AlreadyListed,
    BadInput,
    Usage,
)
from usbguard_py.shell.peer import Peer

Answer = dict[str, Any]

_ENDED = {Custody.REVOKED, Custody.DESTROYED}  # may be listed anew, for instance for another holder


def add(judge: Judge, request: WhitelistAdd, caller: Peer) -> Flow:
    """Put an asset on the list, from a connected device or by hand."""
    _hexadecimal(request.passport)
    facts = _facts(request, judge.host.books.date())
    passport = yield from _passport(judge, request, caller)
    if passport.serial is None:
        raise Usage(detail="the device has no serial number")
    for known in judge.host.books.candidates(bytes.fromhex(passport.serial)):
        if known.state not in _ENDED and any(alike(f.passport, passport) for f in known.fingerprints):
            raise AlreadyListed(name=known.id, holder=known.holder)
    asset = Asset(
        id="",
        electronic_serial=passport.serial,
        state=Custody.PENDING if request.pending else Custody.IN_USE,
        fingerprints=(Fingerprint("first", passport),),
        access=request.access,
        login_tool=request.login_tool or msgspec.UNSET,
        **facts,
    )
    added, entry, proposed = second.received(judge, asset, caller)
    waiting = {}
    announced(judge, entry, asset=added.id, holder=added.holder)
    if proposed:
        proposal, of_it = proposed
        announced(judge, of_it, asset=added.id, holder=added.holder)
        waiting = {"proposal": proposal.number, "until": proposal.until}
    judge_serial(judge, passport.serial)
    return {"id": added.id, "seq": entry.seq, "state": str(added.state), **waiting}


def _facts(request: WhitelistAdd, today: str) -> dict[str, Any]:
    """What people say of a device, tidied and checked; only one that waits for approval may be nobody's.

    Raises:
        Usage: the holder or the paper is missing.
        BadInput: a text or a day that is none.
    """
    if not request.document.strip() or not (request.pending or request.holder.strip()):
        raise Usage(detail="holder and document")
    said = {name: getattr(request, name) for name in FACTS if getattr(request, name)}
    facts = {name: checked(name, value) for name, value in said.items()}
    see_inspection(facts, today)
    return {**dict.fromkeys(("holder", "unit", "label", "printed_serial"), ""), **facts}


def _passport(judge: Judge, request: WhitelistAdd, caller: Peer) -> Flow:
    if request.name:
        passport: Passport = yield from examined(
            judge, connected(judge, request.name), caller, content=Wanted.YES if request.content else Wanted.NO
        )
        return msgspec.structs.replace(passport, granted=request.grant) if request.grant else passport
    if request.passport is None:
        raise Usage(detail="neither a device nor a passport")
    return request.passport


def announced(judge: Judge, entry: Entry, **facts: str) -> None:
    """Tell those who watch of a change; its entry was written with it."""
    judge.host.books.appended(entry.kind, entry.seq, {"at": entry.at, **facts})


def _hexadecimal(passport: Passport | None) -> None:
    """The strings of a passport that was given by hand are hex of raw bytes.

    Raises:
        BadInput: one is not.
    """
    strings = () if passport is None else (passport.serial, passport.manufacturer, passport.product)
    for text in strings:
        try:
            bytes.fromhex(text or "")
        except ValueError as error:
            raise BadInput(where="passport", detail="not hexadecimal") from error


def judge_serial(judge: Judge, serial: str) -> None:
    """Judge the connected devices with this serial, in hex, anew."""
    judge.judge_again([n for n, c in judge.host.connections.items() if (c.device.serial or b"").hex() == serial])
