"""What the judge answers to each request. Only things that take milliseconds, or a flow."""

import time
from collections.abc import Callable
from typing import Any

import msgspec

from usbguard_py import __version__, paths
from usbguard_py.core import record
from usbguard_py.core.account import account
from usbguard_py.core.connection import State
from usbguard_py.core.list_requests import (
    WhitelistCarried,
    WhitelistKeep,
    WhitelistReceipts,
    WhitelistTakeBegin,
    WhitelistTakeCommit,
    WhitelistTakePart,
)
from usbguard_py.core.requests import (
    Devices,
    DriversChanged,
    Examine,
    Explain,
    FloorChanged,
    LogCheckpoint,
    LogExported,
    LogSeal,
    LogViewed,
    PeripheralEnrol,
    PeripheralList,
    PeripheralRemove,
    PolicyConfirm,
    PolicyUse,
    Request,
    Status,
    WhitelistAdd,
    WhitelistApprove,
    WhitelistExported,
    WhitelistImportBegin,
    WhitelistImportCommit,
    WhitelistImportPart,
    WhitelistLearn,
    WhitelistMove,
    WhitelistRefuse,
    WhitelistRevokeHolder,
)
from usbguard_py.core.text import escaped
from usbguard_py.daemon import approvals, changes, examination, exports, faces, lists, moves, peripherals, policies
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.drift import Drift
from usbguard_py.daemon.flow import Flow
from usbguard_py.daemon.imports import Imports
from usbguard_py.daemon.judge import Judge
from usbguard_py.daemon.takes import Takes
from usbguard_py.daemon.views import Views
from usbguard_py.errors import NotFound, NoUsb, Usage
from usbguard_py.shell import floor, sysfs
from usbguard_py.shell.clock import day
from usbguard_py.shell.peer import Peer

Answer = dict[str, Any]
STALE = "the initramfs does not know the enrolled keyboards and mice as they are"


class Answers:
    """The table from request to answer."""

    def __init__(self, judge: Judge, since: float, drift: Drift, told: Callable[[], list[str]] = list) -> None:
        self.judge = judge
        self._told = told  # what is wrong with those who are told of entries
        self._since = since
        self._drift = drift
        self._imports = Imports()
        takes = Takes(self._imports)
        self._at_once: dict[type[Request], Callable[..., Answer]] = {
            PeripheralEnrol: peripherals.enrol,
            PeripheralRemove: peripherals.remove,
            LogExported: exports.exported,
            LogSeal: exports.sealed,
            LogViewed: Views().seen,
            LogCheckpoint: exports.checkpointed,
            WhitelistRefuse: approvals.refuse,
            WhitelistExported: exports.list_exported,
            WhitelistImportBegin: self._imports.begin,
            WhitelistImportPart: self._imports.part,
            WhitelistCarried: lists.carried,
            WhitelistReceipts: lists.receipts,
            WhitelistKeep: lists.keep,
            WhitelistTakeBegin: takes.begin,
            WhitelistTakePart: takes.part,
            PolicyConfirm: policies.confirm,
            FloorChanged: floor_changed,
            DriversChanged: drivers_changed,
        }
        self._flows: dict[type[Request], Callable[..., Flow]] = {
            Examine: examination.examine,
            WhitelistAdd: changes.add,
            WhitelistLearn: faces.learn,
            WhitelistRevokeHolder: moves.revoke_holder,
            WhitelistMove: approvals.move,
            WhitelistApprove: approvals.approve,
            WhitelistImportCommit: self._imports.commit,
            WhitelistTakeCommit: takes.commit,
            PolicyUse: policies.use,
        }

    def answer(self, request: Request, caller: Peer) -> Flow:
        """The answer to one request, as a flow."""
        self._imports.forget()
        lists.see_kept(self.judge, request)
        if isinstance(request, Status):
            return self._status()
        if isinstance(request, Devices):
            return self._devices()
        if isinstance(request, Explain):
            return self._explain(request.name)
        if isinstance(request, PeripheralList):
            return {"peripherals": [msgspec.to_builtins(p) for p in self.judge.host.books.peripherals]}
        at_once = self._at_once.get(type(request))
        if at_once is not None:
            return at_once(self.judge, request, caller)
        change = self._flows.get(type(request))
        if change is None:
            raise Usage(detail=type(request).__name__)
        answer: Answer = yield from change(self.judge, request, caller)
        return answer

    def _devices(self) -> Answer:
        connections = self.judge.host.connections
        if not connections and not sysfs.has_bus():
            raise NoUsb
        return {"devices": [described(c) for c in connections.values()]}

    def _status(self) -> Answer:
        host, books = self.judge.host, self.judge.host.books
        last = books.store.last() if books.store is not None and not books.fail_safe else None
        connections = host.connections.values()
        blocked, alarms = books.today()
        return {
            "mode": "enforce" if host.enforcing else "observe",
            "fail_safe": books.fail_safe,
            "remedy": books.remedy,
            "since": _local(self._since),
            "closed_since": _local(self._drift.closed_since) if self._drift.closed_since else "",
            "policy": {"name": books.policy.name, "digest": books.policy_digest, "edited": books.policy_edited()},
            "trial": policies.shown(books),
            "list_version": books.list_version(),
            "assets": books.count_assets(),
            "list": lists.shown(books),
            "reminders": {**books.reminders(), **lists.reminders(books)},
            "ledger": {"seq": last.seq, "head": last.hash.hex()} if last is not None else {"seq": 0, "head": ""},
            "floor": {
                "kernel_parameter": floor.kernel_parameter(),
                "enforcing_flag": paths.ENFORCING.exists(),
                "mode": floor.mode(),
            },
            "maintenance": host.maintenance.shown(),
            "connected": len(connections),
            "open": sum(c.opened for c in connections),
            "blocked_today": blocked,
            "alarms": alarms,
            "problems": [
                *(f"the kernel's default could not be closed: {name}" for name in host.unclosed),
                *([] if connections or sysfs.has_bus() else [str(NoUsb())]),
                *([STALE] if floor.stale() else []),
                *_ahead(books.date()),
                *self._told(),
            ],
            "held_ports": host.storms.storms.held(),
            "kept_entries": books.kept,
            "other_enforcer": host.other_enforcer,
            "version": __version__,
        }

    def _explain(self, name: str) -> Answer:
        connection = find(self.judge, name)
        answer = described(connection)
        answer["gates"] = [msgspec.to_builtins(r) for r in connection.decision.results]
        answer["descriptors"] = connection.device.descriptors.hex()
        answer["proposal"] = self.judge.host.books.proposal_of(connection.decision.asset)
        return answer


def _ahead(date: str) -> list[str]:
    """Whether dates are judged by a day that the clock has not reached (docs/adr/0152-the-clock-that-decides.md)."""
    behind = date > day(time.time_ns() // 1_000_000)
    return [f"the clock is behind the log: dates are judged by {date}"] if behind else []


def _local(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(seconds))


def floor_changed(judge: Judge, request: FloorChanged, caller: Peer) -> Answer:
    """Record a change of how the machine starts; the change itself was made by who asks."""
    kind = "floor-install" if request.installed else "floor-remove"
    entry = judge.host.books.append(kind, record.floor_changed(request.parts, examination.by(caller)))
    return {"seq": entry.seq}


def drivers_changed(judge: Judge, request: DriversChanged, caller: Peer) -> Answer:
    """Record when the storage drivers are loaded from now on; the change itself was made by who asks."""
    kind = "drivers-just-in-time" if request.just_in_time else "drivers-as-usual"
    entry = judge.host.books.append(kind, record.floor_changed(("drivers",), examination.by(caller)))
    return {"seq": entry.seq}


def find(judge: Judge, name: str) -> Connection:
    """The connection with kernel name ``name``.

    Raises:
        NotFound: no such device is connected.
    """
    connection = judge.host.connections.get(name)
    if connection is None:
        raise NotFound(what="device", name=escaped(name.encode()[:64]))
    return connection


def described(connection: Connection) -> Answer:
    """A connected device and what was decided, for answers and watchers."""
    return {
        **account(connection.device, connection.decision),
        "devnum": connection.device.devnum,
        "state": str(connection.state),
        "open": connection.state is State.HANDED_OVER,
        "open_interfaces": list(connection.decision.granted),
        "holder": connection.holder,
        "reason": connection.reason,
        "lost": connection.lost,
        "access": connection.access,
        "login_tool": connection.login_tool,
        "times": connection.times,
        "seq": connection.seq,
    }
