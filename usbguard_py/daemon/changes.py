"""Changes to the list and the policy, as flows: the change and its entry first, then its effect."""

import hashlib
import time
from typing import Any

import msgspec

from usbguard_py.contents import Wanted
from usbguard_py.core import gates, record
from usbguard_py.core.device import Function
from usbguard_py.core.functions import functions
from usbguard_py.core.given import FACTS, checked, see_inspection
from usbguard_py.core.passport import Passport, alike
from usbguard_py.core.record import Entry
from usbguard_py.core.requests import (
    PolicyUse,
    WhitelistAdd,
)
from usbguard_py.core.whitelist import Asset, Custody, Fingerprint
from usbguard_py.daemon import second
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.examination import by, connected, examined
from usbguard_py.daemon.flow import Ask, Flow
from usbguard_py.daemon.judge import Judge
from usbguard_py.errors import (
    AlreadyListed,
    BadInput,
    GuardError,
    KeyboardNotEnrolled,
    Usage,
)
from usbguard_py.i18n import N_
from usbguard_py.policy.knobs import Policy
from usbguard_py.policy.read import read_policy
from usbguard_py.shell import floor
from usbguard_py.shell.hands_messages import FloorDone
from usbguard_py.shell.peer import Peer

Answer = dict[str, Any]

_ENDED = {Custody.REVOKED, Custody.DESTROYED}  # may be listed anew, for instance for another holder
TYPES = {Function.KEYBOARD, Function.INPUT}  # what somebody may be typing on
FLOOR = 15.0  # seconds for the floor's script


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


def use_policy(judge: Judge, request: PolicyUse, caller: Peer) -> Flow:
    """Store a policy with its entry, then follow it: close the world or give the kernel's defaults back."""
    policy = read_policy(request.text, origin=request.origin or "policy")
    books = judge.host.books
    if policy.enforce and not request.no_keyboard:
        _no_lock_out(judge, policy)
    if judge.switching:
        raise Usage(detail="another policy is being put in force")
    digest = hashlib.sha256(request.text.encode()).hexdigest()
    store = books.ready()
    entry = store.use_policy(policy.name, request.text, digest, by(caller), request.origin, enforce=policy.enforce)
    fewer = books.policy.four_eyes and not policy.four_eyes
    books.policy, books.policy_digest = policy, digest
    judge.switching = True
    try:
        unclosed = yield from _follow(judge, enforce=policy.enforce)
    finally:
        judge.switching = False
    for name in unclosed:
        books.append_or_keep("alarm", record.alarm(name, "the kernel's default could not be set"))
    if fewer:
        books.append_or_keep("alarm", record.alarm("four_eyes", N_("the policy no longer asks for a second person")))
    announced(judge, entry, policy=policy.name)
    judge.judge_again()
    return {"name": policy.name, "digest": digest, "enforce": policy.enforce, "seq": entry.seq}


def _follow(judge: Judge, *, enforce: bool) -> Flow:
    """Set the kernel's defaults: for closing first by ourselves, since that must neither fail nor wait."""
    problems: tuple[str, ...] = floor.close() if enforce else ()
    try:
        floor.write_mode("enforce" if enforce else "observe")
        judge.host.enrolled(judge.host.books.ready().peripherals())
        pending = judge.host.hands.begin_floor("close" if enforce else "open")
        done: FloorDone = yield Ask(pending, time.monotonic() + FLOOR)
        if done.status:
            problems += (f"floor: {done.status}",)
    except (GuardError, OSError) as error:
        problems += (str(error),)
    judge.host.unclosed = problems if enforce else ()
    return problems


def _no_lock_out(judge: Judge, policy: Policy) -> None:
    """Enforcing must not take the only keyboard away: one that is connected must pass the gates of the new policy.

    Raises:
        KeyboardNotEnrolled: USB keyboards are connected and none of them would open.
    """
    host = judge.host

    def opens(connection: Connection | None) -> bool:
        if connection is None:  # a root hub
            return True
        # By itself: of several that are more than the policy permits, one stays open.
        facts = msgspec.structs.replace(host.facts(connection), policy=policy, connected=())
        parent = host.connections.get(connection.device.parent)
        return gates.judge(connection.device, facts).allow and opens(parent)

    keyboards = [c for c in host.connections.values() if functions(c.device) & TYPES]
    if keyboards and not any(opens(c) for c in keyboards):
        raise KeyboardNotEnrolled(name=keyboards[0].name)
