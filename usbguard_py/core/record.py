"""What the ledger says about each thing that happens: the bodies of its entries, as plain values.

Each function gives the fields of one kind; the ledger adds ``seq``, ``kind``, ``at``, ``mono_ms`` and
``boot``. Strings that a device chose appear twice: the raw bytes in hex and the escaped form that is
shown. Sizes are bounded: a text has at most ``MAX_TEXT`` characters and a list ``MAX_ITEMS`` items;
what is cut off is said so. docs/ledger-format.md lists every field.
"""

import hashlib
from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from usbguard_py.core.decision import Decision, Status
from usbguard_py.core.device import Device
from usbguard_py.core.enforcement import ReadBack
from usbguard_py.core.media import Lun, Media
from usbguard_py.core.passport import Passport
from usbguard_py.core.text import MAX_STRING, escaped

MAX_TEXT = 1024  # characters
MAX_ITEMS = 256
_NOT_ASKED = {Status.NOT_APPLICABLE, Status.NOT_EVALUATED}


class Outcome(StrEnum):
    """What became of a device, in one word. ASCII, stable, never translated."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"
    WOULD_ALLOW = "would-allow"  # observed only
    WOULD_BLOCK = "would-block"
    CUT = "cut"  # was open, is closed
    FAILED = "failed"  # the kernel did not carry the decision out


class Entry(msgspec.Struct, frozen=True):
    """An entry of the ledger, without its body. ``unix_ms`` is ``at`` as milliseconds since 1970 (UTC)."""

    seq: int
    kind: str
    at: str  # RFC 3339, local time with offset, milliseconds
    unix_ms: int
    mono_ms: int  # CLOCK_BOOTTIME, milliseconds
    boot: str  # /proc/sys/kernel/random/boot_id
    hash: bytes  # 32 bytes


Body = dict[str, object]


def bounded(text: str, limit: int = MAX_TEXT) -> str:
    """``text``, cut off after ``limit`` characters with an ellipsis in place of the rest."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _items(values: Iterable[object]) -> list[object]:
    every = list(values)
    return every if len(every) <= MAX_ITEMS else [*every[: MAX_ITEMS - 1], f"… {len(every) - MAX_ITEMS + 1} more"]


def _texts(values: Iterable[str]) -> list[object]:
    return _items(bounded(v) for v in values)


def _strings(**values: bytes | None) -> Body:
    """Two fields for each string of a device: ``NAME_hex`` (null when it has none) and ``NAME``, shown."""
    body: Body = {}
    for name, raw in values.items():
        body[f"{name}_hex"] = None if raw is None else raw[:MAX_STRING].hex()
        body[name] = bounded(escaped((raw or b"")[:MAX_STRING]))
    return body


def identity(device: Device, decision: Decision) -> Body:
    """The few fields by which every entry about a device is found."""
    return {
        "name": bounded(device.name),
        "devnum": device.devnum,
        "usb_id": device.usb_id,
        **_strings(serial=device.serial),
        "code": str(decision.code),
        "allow": decision.allow,
        "asset": decision.asset,
        "peripheral": decision.peripheral,
    }


def decision(device: Device, decision: Decision, list_version: int, holder: str = "") -> Body:
    """Kind ``decision``: all that was known about a device and what each gate said.

    ``granted`` holds the interface numbers to open; ``holder`` is the person the asset was given to.
    """
    failed = decision.failed
    return {
        **identity(device, decision),
        **_strings(manufacturer=device.manufacturer, product=device.product),
        "busnum": device.busnum,
        "bcd_device": f"{device.bcd_device:04x}",
        "speed": bounded(device.speed),
        "interfaces": _items(f"{i.number}.{i.alternate}={i.triple()}" for i in device.interfaces),
        "descriptors": hashlib.sha256(device.descriptors).hexdigest(),
        "unreadable": _texts(f"{p.facet}: {p.detail}" for p in device.problems),
        "facet": failed.facet if failed else "",
        "expected": bounded(failed.expected) if failed else "",
        "seen": bounded(failed.seen) if failed else "",
        "gates": _items(_gates(decision)),
        "granted": list(decision.granted),
        "fingerprint": bounded(decision.fingerprint),
        "holder": bounded(holder),
        "cuts": _texts(decision.cut),
        "alarm": decision.alarm,
        "policy": bounded(decision.policy),
        "policy_digest": decision.policy_digest,
        "list_version": list_version,
    }


def _gates(decision: Decision) -> Iterable[Body]:
    """What each gate said; a field that is empty is left out.

    There is no ``code`` where the device passed; ``status`` says which gates were not asked, and why.
    """
    for result in decision.results:
        given: Body = {
            "status": str(result.status) if result.status in _NOT_ASKED else "",
            "code": "" if result.code is None else str(result.code),
            "facet": bounded(result.facet),
            "expected": bounded(result.expected),
            "seen": bounded(result.seen),
        }
        yield {"gate": result.gate} | {name: text for name, text in given.items() if text}


def effect(seen: ReadBack, problems: Iterable[str] = ()) -> Body:
    """The fields that say what was read back from the kernel, for an outcome or a block."""
    return {
        "authorized": seen.authorized,
        "configuration": seen.configuration,
        "gone": seen.gone,
        "interfaces_now": _items(
            {"name": bounded(i.name), "authorized": i.authorized, "driver": bounded(i.driver)} for i in seen.interfaces
        ),
        "problems": _texts(problems),
    }


def media(seen: Media, faces: tuple[Passport, ...], access: str = "rw", *, login_tool: bool = False) -> Body:
    """The fields that say what a drive's units are; none when it showed none.

    ``media_listed`` is whether the passport says what they have to be; otherwise they are only recorded. ``access`` is
    ``ro`` where the kernel's refusal of writes was read back first; ``login_tool``: a program on its own disc may run.
    """
    listed = bool(faces) and not any(isinstance(face.media, msgspec.UnsetType) for face in faces)
    told: Body = {"media_listed": listed, "access": access, "login_tool": login_tool}
    return {"media": _items(_unit(lun) for lun in seen), **told} if seen else {}


def _unit(lun: Lun) -> Body:
    texts = {"vendor": lun.vendor, "model": lun.model, "revision": lun.revision}
    return {
        "interface": lun.interface,
        "lun": lun.number,
        "type": lun.type,
        **_strings(**{name: bytes.fromhex(text) for name, text in texts.items()}),
        "capacity": lun.capacity,
        **({} if isinstance(lun.content, msgspec.UnsetType) else {"content": msgspec.to_builtins(lun.content)}),
    }


def outcome(
    of: int, device: Device, decision: Decision, seen: ReadBack, problems: Iterable[str] = (), *, ms: int = 0
) -> Body:
    """Kind ``outcome``: what became of the decision in entry ``of``; ``ms`` milliseconds after it.

    ``of`` is 0 when the decision's entry could not be written yet.
    """
    problems = tuple(problems)
    word = Outcome.FAILED if problems else (Outcome.ALLOWED if decision.allow else Outcome.BLOCKED)
    return {**identity(device, decision), **effect(seen, problems), "of": of, "outcome": str(word), "ms": ms}


def cut(of: int, device: Device, decision: Decision, held: Mapping[str, object] | None, *, ms: int = 0) -> Body:
    """Kind ``cut``: an open device was closed. ``held`` is the hands' answer: what was flushed, who held it."""
    return {**identity(device, decision), "of": of, "outcome": str(Outcome.CUT), "held": held, "ms": ms}


def removed(device: Device, decision: Decision, of: int, was_open: bool) -> Body:  # noqa: FBT001 - a fact, no switch
    """Kind ``removed``: a device was unplugged; ``was_open`` when something of it was open then."""
    return {**identity(device, decision), "of": of, "was_open": was_open}


def start(
    *,
    version: str,
    policy: str,
    policy_digest: str,
    enforce: bool,
    kernel_parameter: bool,
    unclosed: Iterable[str] = (),
    fail_safe: str = "",
    pid: int = 0,
) -> Body:
    """Kind ``start``: the judge started. ``unclosed`` names what could not be closed on the way."""
    return {
        "version": version,
        "policy": bounded(policy),
        "policy_digest": policy_digest,
        "enforce": enforce,
        "kernel_parameter": kernel_parameter,
        "unclosed": _texts(unclosed),
        "fail_safe": bounded(fail_safe),
        "pid": pid,
    }


def stop(pid: int = 0, *, shutdown: bool = False) -> Body:
    """Kind ``stop``: the judge was asked to stop and does; ``shutdown`` when the machine is known to be going down."""
    return {"pid": pid, "shutdown": shutdown}


def gap(last: Entry, now: float) -> Body:
    """Kind ``gap``, or a field of ``start``: nobody judged between the entry ``last`` and ``now`` (seconds since 1970).

    ``clean`` when that entry says that the judge was asked to stop. ``seconds`` is negative when the
    clock was set back in between.
    """
    return {
        "from": last.at,
        "last_seq": last.seq,
        "last_boot": last.boot,
        "clean": last.kind == "stop",
        "seconds": int(now - last.unix_ms / 1000),
    }


def clock_step(since: str, step_ms: int) -> Body:
    """Kind ``clock-step``: since ``since`` (RFC 3339) the wall clock moved ``step_ms`` against the boot's clock."""
    return {"since": since, "step_ms": step_ms}


def examination(device: Device, by: Mapping[str, object], problem: str = "") -> Body:
    """Kinds ``examination-begin`` and ``examination-end``; ``problem`` is empty when it went well."""
    return {
        "name": bounded(device.name),
        "devnum": device.devnum,
        "usb_id": device.usb_id,
        **_strings(serial=device.serial),
        "descriptors": hashlib.sha256(device.descriptors).hexdigest(),
        "by": dict(by),
        "problem": bounded(problem),
    }


def events_lost(why: str, count: int) -> Body:
    """Kind ``events-lost``: kernel events or entries are missing; ``count`` is 0 when nobody knows how many."""
    return {"why": bounded(why), "count": count}


def alarm(where: str, detail: str) -> Body:
    """Kind ``alarm``: something that must be looked at; ``where`` is a kernel name or a part of the product."""
    return {"name": bounded(where), "detail": bounded(detail), "alarm": True}


def drift(place: str, expected: str, seen: str, *, restored: bool) -> Body:
    """Kind ``drift``: somebody else changed ``place``, a kernel default; ``restored`` when it could be put back."""
    return {
        "name": bounded(place),
        "expected": bounded(expected),
        "seen": bounded(seen),
        "restored": restored,
        "alarm": True,
    }


def drift_of_device(of: int, device: Device, decision: Decision, seen: ReadBack, problems: Iterable[str]) -> Body:
    """Kind ``drift``: somebody else changed the open device of entry ``of``; its cut is the next entry about it."""
    return {**identity(device, decision), **effect(seen, problems), "of": of, "alarm": True}


def floor_changed(parts: Iterable[str], by: Mapping[str, object]) -> Body:
    """Kinds ``floor-install``, ``floor-remove``, ``drivers-…``: ``parts`` of what holds without us were changed."""
    return {"parts": _texts(parts), "by": dict(by)}


def refused(request: str, role: str, by: Mapping[str, object] | str) -> Body:
    """Kind ``refused``: somebody asked for what their role does not include."""
    return {"request": bounded(request), "role": role, "by": bounded(by) if isinstance(by, str) else dict(by)}


def export(first: int, last: int, head: bytes, by: Mapping[str, object] | str) -> Body:
    """Kind ``export``: the entries ``first`` to ``last`` were written to a file; ``head`` is the hash of the last."""
    return {
        "first": first,
        "last": last,
        "head": head.hex(),
        "by": bounded(by) if isinstance(by, str) else dict(by),
    }
