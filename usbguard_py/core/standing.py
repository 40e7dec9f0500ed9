"""Whether an approved device that is in use may be used today: its holder, its last day, its inspection."""

from collections.abc import Iterator

from usbguard_py.core.codes import Code
from usbguard_py.core.dates import passed
from usbguard_py.core.whitelist import Asset, Custody


def expired(asset: Asset, today: str) -> bool:
    """Whether the last day on which the asset may be used is over."""
    return isinstance(asset.expires_on, str) and passed(asset.expires_on, today)


def inspection_due(asset: Asset, today: str, *, required: bool) -> bool:
    """Whether an inspection is missing or over; ``required``: one that never was counts as missing."""
    if asset.inspect_first is True:
        return True
    if isinstance(asset.inspected_until, str) and passed(asset.inspected_until, today):
        return True
    return required and not isinstance(asset.inspected_on, str)


def standing(asset: Asset, today: str, *, inspection_required: bool) -> Code | None:
    """Why an asset in use may not be used all the same; ``None`` when it may, or when its state says enough."""
    return next(_obstacles(asset, today, required=inspection_required), None)


def _obstacles(asset: Asset, today: str, *, required: bool) -> Iterator[Code]:
    if asset.state is Custody.IN_USE:
        if not asset.holder:
            yield Code.NO_HOLDER
        if expired(asset, today):
            yield Code.EXPIRED
        if inspection_due(asset, today, required=required):
            yield Code.INSPECTION_DUE
