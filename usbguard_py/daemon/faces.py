"""Another face of an asset: what the same stick shows after its login, at another speed, with another serial.

It is examined like a device that is put on the list, and only then belongs to the asset's passports.
"""

import msgspec

from usbguard_py.contents import Wanted
from usbguard_py.core.gates_media import read_for
from usbguard_py.core.given import tidied
from usbguard_py.core.passport import Passport, alike
from usbguard_py.core.requests import WhitelistLearn
from usbguard_py.core.text import escaped
from usbguard_py.core.whitelist import Asset, Custody, Fingerprint
from usbguard_py.daemon import second
from usbguard_py.daemon.changes import announced, judge_serial
from usbguard_py.daemon.examination import by, connected, examined
from usbguard_py.daemon.flow import Flow
from usbguard_py.daemon.judge import Judge
from usbguard_py.errors import AlreadyListed, NotFound, Usage
from usbguard_py.errors_device import FaceKnown, NotInUse, TooManyFaces
from usbguard_py.shell.peer import Peer
from usbguard_py.shell.store import Store

MOST = 8  # faces of one asset: each is compared at every plug, and a stick has two or three


def learn(judge: Judge, request: WhitelistLearn, caller: Peer) -> Flow:
    """Add what a connected device shows to an asset, with its entry; all with that serial are judged again at once.

    Raises:
        BadInput: a text that cannot be stored.
        NotFound, NotInUse, TooManyFaces: nothing can be added to that asset.
        FaceKnown, AlreadyListed: an asset shows that already.
        ExaminationFailed: the device could not be examined.
        NoPerson: a second person is needed for it, and nobody is logged in.
    """
    if not request.document.strip() or not request.face.strip():
        raise Usage(detail="face and document")
    request = msgspec.structs.replace(
        request, face=tidied("face", request.face), document=tidied("document", request.document)
    )
    known = _asset(judge.host.books.ready(), request)
    # A face without the content that others of the asset have would let any content pass.
    listed = bool(read_for(tuple(face.passport for face in known.fingerprints)))
    content = Wanted.YES if request.content else Wanted.OF_DISKS if listed else Wanted.NO
    passport: Passport = yield from examined(judge, connected(judge, request.device), caller, content=content)
    if request.grant:
        passport = msgspec.structs.replace(passport, granted=request.grant)
    store = judge.host.books.ready()
    asset = _asset(store, request)  # as it is now: the examination took its time
    see_unknown(store, asset, passport)
    face = Fingerprint(request.face, passport)
    waiting = second.learnt(judge, asset, face, request.document, caller)
    if waiting is not None:
        return waiting
    entry = store.add_fingerprint(asset.id, face, request.document, by(caller))
    announced(judge, entry, asset=asset.id, holder=asset.holder)
    judge_serial(judge, str(passport.serial))
    return {"id": asset.id, "seq": entry.seq}


def _asset(store: Store, request: WhitelistLearn) -> Asset:
    """The asset, when it can have one more face of that name."""
    asset = store.asset(request.id)
    if asset is None:
        raise NotFound(what="asset", name=escaped(request.id.encode()[:64]))
    if asset.state is not Custody.IN_USE:
        raise NotInUse(id=asset.id, state=str(asset.state))
    if any(face.name == request.face for face in asset.fingerprints):
        raise FaceKnown(id=asset.id, face=request.face)
    if len(asset.fingerprints) >= MOST:
        raise TooManyFaces(id=asset.id, most=MOST)
    return asset


def see_unknown(store: Store, asset: Asset, passport: Passport) -> None:
    """See that no asset shows the same: of this one not with the same media, of another not at all."""
    if passport.serial is None:
        raise Usage(detail="the device has no serial number")
    known = next((face for face in asset.fingerprints if face.passport == passport), None)
    if known is not None:
        raise FaceKnown(id=asset.id, face=known.name)
    for other in store.candidates(bytes.fromhex(passport.serial)):
        if other.id != asset.id and any(alike(face.passport, passport) for face in other.fingerprints):
            raise AlreadyListed(name=other.id, holder=other.holder)
