"""What the judge answers to each request. Only things that take milliseconds, or a flow."""

import time
from collections.abc import Callable
from typing import Any

import msgspec

from usbguard_py import __version__, paths
from usbguard_py.core.connection import State
from usbguard_py.core.functions import kind
from usbguard_py.core.requests import (
    Devices,
    Examine,
    Explain,
    PeripheralEnrol,
    PeripheralList,
    PeripheralRemove,
    PolicyUse,
    Request,
    Status,
    WhitelistAdd,
    WhitelistRevoke,
)
from usbguard_py.core.text import escaped
from usbguard_py.daemon import changes, examination
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.flow import Flow
from usbguard_py.daemon.judge import Judge
from usbguard_py.errors import NotFound, Usage
from usbguard_py.shell import floor
from usbguard_py.shell.peer import Peer

Answer = dict[str, Any]


class Answers:
    """The table from request to answer."""

    def __init__(self, judge: Judge, since: float) -> None:
        self.judge = judge
        self._since = since
        self._at_once: dict[type[Request], Callable[..., Answer]] = {
            PeripheralEnrol: changes.enrol,
            PeripheralRemove: changes.remove,
        }
        self._flows: dict[type[Request], Callable[..., Flow]] = {
            Examine: examination.examine,
            WhitelistAdd: changes.add,
            WhitelistRevoke: changes.revoke,
            PolicyUse: changes.use_policy,
        }

    def answer(self, request: Request, caller: Peer) -> Flow:
        """The answer to one request, as a flow."""
        if isinstance(request, Status):
            return self._status()
        if isinstance(request, Devices):
            return {"devices": [described(c) for c in self.judge.host.connections.values()]}
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

    def _status(self) -> Answer:
        host, books = self.judge.host, self.judge.host.books
        last = books.store.last() if books.store is not None and not books.fail_safe else None
        connections = host.connections.values()
        blocked, alarms = books.today()
        return {
            "mode": "enforce" if host.enforcing else "observe",
            "fail_safe": books.fail_safe,
            "since": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(self._since)),
            "policy": {"name": books.policy.name, "digest": books.policy_digest, "edited": books.policy_edited()},
            "list_version": books.list_version(),
            "assets": books.count_assets(),
            "ledger": {"seq": last.seq, "head": last.hash.hex()} if last is not None else {"seq": 0, "head": ""},
            "floor": {
                "kernel_parameter": floor.kernel_parameter(),
                "enforcing_flag": paths.ENFORCING.exists(),
                "mode": floor.mode(),
            },
            "connected": len(connections),
            "open": sum(c.opened for c in connections),
            "blocked_today": blocked,
            "alarms": alarms,
            "problems": [f"the kernel's default could not be closed: {name}" for name in host.unclosed],
            "kept_entries": books.kept,
            "other_enforcer": host.other_enforcer,
            "version": __version__,
        }

    def _explain(self, name: str) -> Answer:
        connection = find(self.judge, name)
        answer = described(connection)
        answer["gates"] = [msgspec.to_builtins(r) for r in connection.decision.results]
        answer["descriptors"] = connection.device.descriptors.hex()
        return answer


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
    device, decision = connection.device, connection.decision
    failed = decision.failed
    return {
        "name": device.name,
        "devnum": device.devnum,
        "usb_id": device.usb_id,
        "kind": str(kind(device) or ""),
        "serial": escaped(device.serial or b""),
        "manufacturer": escaped(device.manufacturer or b""),
        "product": escaped(device.product or b""),
        "interfaces": [i.triple() for i in device.interfaces],
        "state": str(connection.state),
        "open": connection.state is State.HANDED_OVER,
        "open_interfaces": list(decision.granted),
        "allow": decision.allow,
        "code": str(decision.code),
        "facet": failed.facet if failed else "",
        "expected": failed.expected if failed else "",
        "seen": failed.seen if failed else "",
        "asset": decision.asset,
        "peripheral": decision.peripheral,
        "holder": connection.holder,
        "reason": connection.reason,
        "alarm": decision.alarm,
        "seq": connection.seq,
    }
