"""Policies put in force, on trial and back: the change and its entry first, then its effect.

A policy on trial is never written down for the next start of the machine: that starts as if there had been none.
"""

import hashlib
import time
from typing import Any

import msgspec

from usbguard_py import paths
from usbguard_py.core import gates, record
from usbguard_py.core.device import Function
from usbguard_py.core.functions import functions
from usbguard_py.core.requests import PolicyConfirm, PolicyUse
from usbguard_py.core.trial import LONGEST, SHORTEST
from usbguard_py.daemon.books import Books
from usbguard_py.daemon.changes import announced
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.examination import by
from usbguard_py.daemon.flow import Ask, Flow
from usbguard_py.daemon.judge import Judge
from usbguard_py.errors import GuardError, KeyboardNotEnrolled, Usage
from usbguard_py.errors_trial import NoTrial, TrialRunning
from usbguard_py.i18n import N_
from usbguard_py.policy.knobs import Policy
from usbguard_py.policy.read import read_policy
from usbguard_py.shell import floor, trial
from usbguard_py.shell.hands_messages import FloorDone
from usbguard_py.shell.peer import Peer

Answer = dict[str, Any]

TYPES = {Function.KEYBOARD, Function.INPUT}  # what somebody may be typing on
FLOOR = 15.0  # seconds for the floor's script
NOT_CONFIRMED = N_("the policy was not confirmed in time: the one before is in force again")


def use(judge: Judge, request: PolicyUse, caller: Peer) -> Flow:
    """Store a policy with its entry, then follow it: close the world or give the kernel's defaults back."""
    policy = read_policy(request.text, origin=request.origin or "policy")
    books = judge.host.books
    if policy.enforce and not request.no_keyboard:
        _no_lock_out(judge, policy)
    if judge.switching:
        raise Usage(detail="another policy is being put in force")
    asked = _on_trial(books, policy, request)
    digest = hashlib.sha256(request.text.encode()).hexdigest()
    store = books.ready()
    facts: dict[str, Any] = {"enforce": policy.enforce, "trial": asked}
    entry = store.use_policy(policy.name, request.text, digest, by(caller), request.origin, **facts)
    fewer = books.policy.four_eyes and not policy.four_eyes
    books.policy, books.policy_digest, books.trial = policy, digest, store.trial()
    for name in (yield from _followed(judge)):
        books.append_or_keep("alarm", record.alarm(name, "the kernel's default could not be set"))
    if fewer:
        books.append_or_keep("alarm", record.alarm("four_eyes", N_("the policy no longer asks for a second person")))
    announced(judge, entry, policy=policy.name)
    judge.judge_again()
    answer: Answer = {"name": policy.name, "digest": digest, "enforce": policy.enforce, "seq": entry.seq}
    return {**answer, "trial": shown(books)} if books.trial else answer


def _on_trial(books: Books, policy: Policy, request: PolicyUse) -> record.Body | None:
    """What the entry of a policy on trial says of it.

    Raises:
        TrialRunning: one is on trial already, so that it is not clear what would come back.
        Usage: a time that is none, or a policy that takes nothing away.
    """
    if not request.confirm_within:
        return None
    if books.trial is not None:
        raise TrialRunning(name=books.policy.name)
    if not SHORTEST <= request.confirm_within <= LONGEST:
        raise Usage(detail=f"confirm_within: {SHORTEST} to {LONGEST} seconds")
    if not policy.enforce:
        raise Usage(detail="a policy that only observes needs no trial")
    return {"confirm_within_ms": request.confirm_within * 1000}


def confirm(judge: Judge, _request: PolicyConfirm, caller: Peer) -> Answer:
    """The policy on trial stays: recorded, then written down for the next start of the machine.

    Raises:
        NoTrial: nothing is on trial.
        Usage: its time has just ended.
    """
    books = judge.host.books
    store = books.ready()
    if books.trial is None or not books.trial.left_ms(*trial.now()) or judge.switching:
        raise NoTrial
    body = {"of": books.trial.entry, "policy": books.policy.name, "policy_digest": books.policy_digest}
    entry = store.append("policy-confirm", {**body, "by": by(caller)})
    books.trial = None
    floor.write_mode("enforce")
    trial.end()
    announced(judge, entry, policy=books.policy.name)
    return {"name": books.policy.name, "seq": entry.seq}


class Trials:
    """Looks once a second whether the time of a trial is over."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def look(self) -> None:
        """Look once."""
        running = self._judge.host.books.trial
        if running is not None and not self._judge.switching and not running.left_ms(*trial.now()):
            self._judge.loop.runner.start(lapse(self._judge))


def lapse(judge: Judge) -> Flow:
    """Nobody confirmed: the policy before comes back, and with it all that it lets work."""
    books = judge.host.books
    give_up(books)
    books.append_or_keep("alarm", record.alarm("policy", NOT_CONFIRMED))
    for name in (yield from _followed(judge)):
        books.append_or_keep("alarm", record.alarm(name, "the kernel's default could not be set"))
    judge.judge_again()


def give_up(books: Books) -> None:
    """End the trial in the books; in memory alone while they cannot be written: a start of the judge ends it again."""
    running = books.trial
    if running is None:
        return
    books.trial = None
    try:
        store = books.ready()
        before = store.policy_before(running)
        text = before.text if before else _observing()
        policy = read_policy(text, origin="policy")
        digest = hashlib.sha256(text.encode()).hexdigest()
        lapsed: record.Body = {"lapsed": running.entry}
        store.use_policy(policy.name, text, digest, "usbguard-py", enforce=policy.enforce, trial=lapsed)
    except GuardError:
        policy, digest = Policy(name="observe", enforce=floor.lasting() == "enforce"), ""
    books.policy, books.policy_digest = policy, digest


def _observing() -> str:
    """The text of the policy of a machine that was never told anything."""
    try:
        return (paths.POLICIES / "observe.toml").read_text(encoding="utf-8")
    except OSError:
        return 'name = "observe"\nenforce = false\n'


def shown(books: Books) -> Answer | None:
    """The trial for an answer: what is left of it in seconds, and which policy comes back."""
    if books.trial is None:
        return None
    running = books.trial
    before = books.ask(lambda store: store.policy_before(running), None)
    left = running.left_ms(*trial.now()) // 1000
    return {"seconds_left": left, "back_to": before.name if before else "observe", "seq": running.entry}


def _followed(judge: Judge) -> Flow:
    judge.switching = True
    try:
        return (yield from _follow(judge))
    finally:
        judge.switching = False


def _follow(judge: Judge) -> Flow:
    """Set the kernel's defaults: for closing first by ourselves, since that must neither fail nor wait."""
    books = judge.host.books
    enforce = books.policy.enforce
    problems = provisional(books)  # before anything closes: from here on the end is certain
    problems += floor.close() if enforce else ()
    try:
        lasting(books)
        judge.host.enrolled(books.peripherals if books.fail_safe else books.ready().peripherals())
        pending = judge.host.hands.begin_floor("close" if enforce else "return")
        done: FloorDone = yield Ask(pending, time.monotonic() + FLOOR)
        if done.status:
            problems += (f"floor: {done.status}",)
    except (GuardError, OSError) as error:
        problems += (str(error),)
    judge.host.unclosed = problems if enforce else ()
    return problems


def provisional(books: Books) -> tuple[str, ...]:
    """Say until when this start of the machine does something else than the next one; what could not be done."""
    try:
        if books.trial is not None and floor.lasting() == "observe":
            trial.begin(books.trial.until_ms)
    except OSError as error:
        return (f"{paths.TRIAL}: {error.strerror}",)
    return ()


def lasting(books: Books) -> None:
    """Write down what the next start of the machine does; a policy on trial changes nothing about that.

    Raises:
        OSError: it cannot be written.
    """
    if books.trial is None:
        floor.write_mode("enforce" if books.policy.enforce else "observe")
        trial.end()


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
