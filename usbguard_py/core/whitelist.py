"""The approved list: assets with their fingerprints, and the peripherals of this workplace."""

from enum import StrEnum

import msgspec

from usbguard_py.core.passport import Passport

MAINTENANCE = "maintenance"  # stands where an enrolment's number does, for the one keyboard of a maintenance start


class Custody(StrEnum):
    """Where an asset is in its life; only ``IN_USE`` may open."""

    PENDING = "pending"
    IN_USE = "in-use"
    SUSPENDED = "suspended"
    EXPIRED = "expired"  # no move leads there: a date that has passed is a fact, usbguard_py.core.custody
    REVOKED = "revoked"
    LOST = "lost"
    DAMAGED = "damaged"
    DESTROYED = "destroyed"


class Fingerprint(msgspec.Struct, frozen=True):
    """One face of an asset (locked, unlocked, USB 2, USB 3) with its passport."""

    name: str
    passport: Passport


class Asset(msgspec.Struct, frozen=True):
    """One approved storage device.

    ``printed_serial`` is what stands on the shell, ``electronic_serial`` the hex of what the
    device sends; nobody knows that they are the same. An empty ``holder`` means that nobody has it: it is in store.
    ``reason`` and ``reason_document`` say why it is in its state. The facts after them are left out, also of the
    canonical form, where there is nothing to say, so that assets from before there were these facts keep their digests:
    whether the program on the drive's own disc may run and talk to it, the last day on which it may be used, when it
    was inspected and until when that counts (``2026-11-21``), whether it has to be inspected before it is used again,
    and what a lost one is once it is found.
    """

    id: str
    label: str
    printed_serial: str
    electronic_serial: str
    holder: str
    unit: str
    document: str
    state: Custody
    fingerprints: tuple[Fingerprint, ...]
    access: str = "rw"
    added_at: str = ""
    added_by: str = ""
    changed_at: str = ""
    reason: str = ""
    reason_document: str = ""
    login_tool: bool | msgspec.UnsetType = msgspec.UNSET
    expires_on: str | msgspec.UnsetType = msgspec.UNSET
    inspected_on: str | msgspec.UnsetType = msgspec.UNSET
    inspected_until: str | msgspec.UnsetType = msgspec.UNSET
    inspect_first: bool | msgspec.UnsetType = msgspec.UNSET
    back_to: Custody | msgspec.UnsetType = msgspec.UNSET


class Peripheral(msgspec.Struct, frozen=True):
    """A device of this workplace that is no storage, enrolled on one port."""

    id: str
    kind: str  # one of usbguard_py.core.kinds; empty where only the floor's file is left and does not say
    port: str  # kernel name: "1-2"
    passport: Passport
    label: str = ""
    enrolled_at: str = ""
    enrolled_by: str = ""
    document: str = ""
