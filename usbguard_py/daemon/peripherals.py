"""Enrolment of the devices of this workplace: the change and its entry first, then its effect."""

from typing import Any

from usbguard_py.core.given import MAX_REASON, tidied
from usbguard_py.core.kinds import KINDS, Kind, fits, grant, limit, told
from usbguard_py.core.passport import passport_of
from usbguard_py.core.requests import PeripheralEnrol, PeripheralRemove
from usbguard_py.core.text import escaped
from usbguard_py.core.whitelist import Peripheral
from usbguard_py.daemon.changes import announced
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.examination import by, connected
from usbguard_py.daemon.judge import Judge
from usbguard_py.errors import NotFound, Usage
from usbguard_py.errors_device import KindNotPermitted, KindNotTold, LimitReached, NotThatKind
from usbguard_py.shell.peer import Peer

Answer = dict[str, Any]


def enrol(judge: Judge, request: PeripheralEnrol, caller: Peer) -> Answer:
    """Enrol a connected device on its port; it is judged again at once.

    In place of another one, that one stays enrolled until the new one is: at no moment is there none.

    Raises:
        BadInput: a text that cannot be stored.
        NotFound: no such device, or nothing of that number to replace.
        KindNotTold, NotThatKind: it is nothing that can be enrolled.
        KindNotPermitted, LimitReached: the policy allows none of this kind, or no more.
    """
    connection = connected(judge, request.name)
    label, document = tidied("label", request.label), tidied("document", request.document)
    kind = _kind(connection, request.kind)
    replaced = _enrolled(judge, request.replaces) if request.replaces else None
    _within_limit(judge, kind, replaced)
    device, store = connection.device, judge.host.books.ready()
    peripheral = Peripheral(
        id="",
        kind=kind.name,
        port=device.name,
        passport=passport_of(device, grant(device, kind)),
        label=label or escaped(device.product or b""),
        document=document,
    )
    added, entry = store.add_peripheral(peripheral, by(caller))
    announced(judge, entry, peripheral=added.id, name=device.name)
    judge.host.enrolled(store.peripherals())
    if replaced is not None:
        _take_off(judge, replaced, f"replaced by {added.id}", caller, document)
    judge.judge_again(dict.fromkeys(p for p in (replaced.port if replaced else "", request.name) if p))
    return {"id": added.id, "kind": kind.name, "port": device.name, "seq": entry.seq, "replaced": request.replaces}


def remove(judge: Judge, request: PeripheralRemove, caller: Peer) -> Answer:
    """Take a peripheral off the list; it is cut at once."""
    reason = tidied("reason", request.reason, MAX_REASON)
    if not reason:
        raise Usage(detail="--reason")
    gone = _enrolled(judge, request.id)
    seq = _take_off(judge, gone, reason, caller)
    judge.judge_again([gone.port])
    return {"id": request.id, "seq": seq}


def _take_off(judge: Judge, gone: Peripheral, reason: str, caller: Peer, document: str = "") -> int:
    store = judge.host.books.ready()
    entry = store.remove_peripheral(gone.id, reason, by(caller), document)
    judge.host.enrolled(store.peripherals())
    announced(judge, entry, peripheral=gone.id, name=gone.port)
    return entry.seq


def _enrolled(judge: Judge, id_: str) -> Peripheral:
    found = next((p for p in judge.host.books.ready().peripherals() if p.id == id_), None)
    if found is None:
        raise NotFound(what="peripheral", name=escaped(id_.encode()[:64]))
    return found


def _kind(connection: Connection, said: str) -> Kind:
    """The kind that the device says it is, or that was ``said`` of it and that it can be."""
    device = connection.device
    name = said or told(device)
    if device.problems or not name:
        raise KindNotTold(name=connection.name)
    if not fits(device, KINDS[name]):
        raise NotThatKind(name=connection.name, what=name)
    return KINDS[name]


def _within_limit(judge: Judge, kind: Kind, replaced: Peripheral | None) -> None:
    most = limit(judge.host.books.policy, kind)
    if most == 0:
        raise KindNotPermitted(what=kind.name, knob=kind.knob)
    others = [p for p in judge.host.books.ready().peripherals() if p.kind == kind.name and p != replaced]
    if len(others) >= most:
        raise LimitReached(what=kind.name, limit=most, id=others[0].id)
