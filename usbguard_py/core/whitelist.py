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
    EXPIRED = "expired"
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
    device sends; nobody knows that they are the same. ``login_tool`` is whether the program on the drive's own disc may
    run and talk to it; it is left out, also of the canonical form, where it may not, so that assets from before there
    was this fact keep their digests.
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
