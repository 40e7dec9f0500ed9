"""Which face of which asset may be learnt; that the device then passes is shown in the lab."""

import msgspec
import pytest

from tests.build import a_stick, an_asset
from tests.daemon.test_storms import BY, Machine, machine
from usbguard_py.core.passport import passport_of
from usbguard_py.core.requests import WhitelistLearn
from usbguard_py.core.whitelist import Custody, Fingerprint
from usbguard_py.daemon.faces import MOST, _asset, see_unknown
from usbguard_py.errors import AlreadyListed, GuardError, NotFound, Usage
from usbguard_py.errors_device import FaceKnown, NotInUse, TooManyFaces

__all__ = ["machine"]

PLAIN = passport_of(a_stick(), (0,))
OTHER = msgspec.structs.replace(PLAIN, bcd_device=0x0200)


def request(id_: str = "TB-0001", face: str = "after login") -> WhitelistLearn:
    return WhitelistLearn(id=id_, device="1-2", face=face, document="MAU-03/2026")


VERBS = {Custody.REVOKED: "revoke", Custody.LOST: "lost"}
REFUSED: dict[str, tuple[WhitelistLearn, Custody, int, type[GuardError]]] = {
    "no such asset": (request("TB-9999"), Custody.IN_USE, 0, NotFound),
    "revoked": (request(), Custody.REVOKED, 0, NotInUse),
    "lost": (request(), Custody.LOST, 0, NotInUse),
    "a name that is taken": (request(face="face 1"), Custody.IN_USE, 1, FaceKnown),
    "too many": (request(), Custody.IN_USE, MOST - 1, TooManyFaces),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_learn_nothing_is_refused(machine: Machine, case: str) -> None:
    asked, state, more, error = REFUSED[case]
    store = machine.books.ready()
    asset, _ = store.add_asset(an_asset(a_stick()), BY)
    for number in range(1, more + 1):
        passport = msgspec.structs.replace(PLAIN, bcd_device=0x0300 + number)
        store.add_fingerprint(asset.id, Fingerprint(f"face {number}", passport), "MAU-02/2026", BY)
    if state is not Custody.IN_USE:
        store.move(asset.id, VERBS[state], BY, reason="het han", document="MAU-04/2026")
    before = len(machine.entries())
    with pytest.raises(error):
        _asset(store, asked)
    assert len(machine.entries()) == before


def test_what_an_asset_shows_already_is_not_learnt_again(machine: Machine) -> None:
    store = machine.books.ready()
    first, _ = store.add_asset(an_asset(a_stick()), BY)
    second, _ = store.add_asset(an_asset(a_stick(), fingerprints=(Fingerprint("first", OTHER),)), BY)
    see_unknown(store, first, msgspec.structs.replace(PLAIN, pid=7))
    with pytest.raises(FaceKnown):
        see_unknown(store, first, first.fingerprints[0].passport)
    with pytest.raises(AlreadyListed) as seen:
        see_unknown(store, first, OTHER)
    assert seen.value.facts["name"] == second.id
    with pytest.raises(Usage):
        see_unknown(store, first, msgspec.structs.replace(PLAIN, serial=None))
