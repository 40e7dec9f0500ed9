"""All that a gate may ask besides the device itself."""

import msgspec

from usbguard_py.core.whitelist import Asset, Peripheral
from usbguard_py.policy.knobs import Policy


class Connected(msgspec.Struct, frozen=True):
    """A device that is plugged in now and matched a passport."""

    name: str
    devnum: int
    asset: str


class Facts(msgspec.Struct, frozen=True):
    """Facts gathered by the shell for one device at one moment.

    ``candidates`` are the assets of which a fingerprint or the electronic serial equals the
    device's serial, whatever their state; ``peripherals`` all that are enrolled on this machine;
    ``failures`` how often this device was opened at this port just now, without effect; ``today`` the day by which
    dates are judged (``2026-11-21``, local time); when it is empty every date has passed.
    """

    policy: Policy
    policy_digest: str = ""
    candidates: tuple[Asset, ...] = ()
    peripherals: tuple[Peripheral, ...] = ()
    connected: tuple[Connected, ...] = ()
    fail_safe: str = ""  # why nothing but enrolled input may open; empty when all is well
    failures: int = 0
    today: str = ""
