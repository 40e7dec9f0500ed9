"""The media gate: what a passport expects of a drive's units, and which facet is named."""

import msgspec
import pytest

from tests.build import a_stick, an_asset
from usbguard_py.core import record
from usbguard_py.core.canonical import canonical
from usbguard_py.core.changes import fingerprint_of
from usbguard_py.core.codes import Code
from usbguard_py.core.decision import Decision
from usbguard_py.core.gates_media import decided, drift, faces, media, more
from usbguard_py.core.media import Lun, Media, enrolled
from usbguard_py.core.passport import Passport, alike, passport_of
from usbguard_py.core.whitelist import Fingerprint

DISK = Lun(0, 0, 0, b"SAMPLE  ".hex(), b"Stick           ".hex(), b"1.00".hex(), 4096)
DISC = Lun(0, 1, 5, b"SAMPLE  ".hex(), b"Tools           ".hex(), b"1.00".hex())
ALLOW = Decision(allow=True, code=Code.ALLOWED, granted=(0,), asset="TB-0001")


def other(lun: Lun, **fields: object) -> Lun:
    return msgspec.structs.replace(lun, **fields)


def passport(media: Media | None = None) -> Passport:
    plain = passport_of(a_stick(), (0,))
    return plain if media is None else msgspec.structs.replace(plain, media=media)


@pytest.mark.parametrize(
    ("seen", "facet", "expected", "found"),
    [
        ((DISK,), "luns", "0 1", "0"),
        ((DISK, DISC, other(DISC, number=2)), "luns", "0 1", "0 1 2"),
        ((DISK, other(DISC, interface=1)), "luns", "0 1", "0.0 1.1"),
        ((DISK, DISC, DISC), "luns", "0 1", "0 1 1"),
        ((DISK, other(DISC, type=0)), "lun 1 type", "5", "0"),
        ((other(DISK, vendor=b"SAMPLF  ".hex()), DISC), "lun 0 vendor", '"SAMPLE"', '"SAMPLF"'),
        ((DISK, other(DISC, model=b"\x1b[2J".hex())), "lun 1 model", '"Tools"', '"\\u{1b}[2J"'),
        ((DISK, other(DISC, revision=b"1.01".hex())), "lun 1 revision", '"1.00"', '"1.01"'),
        ((other(DISK, model=b"Stick".hex()), DISC), "lun 0 model", '"Stick           "', '"Stick"'),
        ((other(DISK, capacity=8192), DISC), "lun 0 capacity", "4096 bytes", "8192 bytes"),
        ((other(DISK, capacity=0), DISC), "lun 0 capacity", "4096 bytes", "0 bytes"),
    ],
)
def test_the_first_facet_that_differs_is_named(seen: Media, facet: str, expected: str, found: str) -> None:
    result = media((passport((DISK, DISC)),), seen)
    assert (result.code, result.facet, result.expected, result.seen) == (Code.MISMATCH, facet, expected, found)


def test_of_two_faces_the_one_with_the_same_units_is_named() -> None:
    faces_ = (passport((DISC,)), passport((DISK, DISC)))
    result = media(faces_, (other(DISK, model=b"Stock".hex(), vendor=b"OTHER".hex()), DISC))
    assert (result.facet, result.seen) == ("lun 0 vendor", '"OTHER"')
    assert media(faces_, (DISC,)).code is None
    assert media(faces_, (DISK, DISC)).code is None


@pytest.mark.parametrize("seen", [(DISK, DISC), (other(DISK, capacity=None), DISC)], ids=["with", "before"])
def test_what_is_as_expected_passes_before_and_with_its_capacity(seen: Media) -> None:
    assert media((passport((DISK, DISC)),), seen).code is None


def test_a_reader_without_its_medium_is_still_itself_and_with_another_it_is_not() -> None:
    """After the handing over: what was taken out may come back; what comes back has to be what was enrolled."""
    listed = (passport((DISK, DISC)),)
    assert media(listed, enrolled((other(DISK, capacity=0), DISC))).code is None
    result = media(listed, enrolled((other(DISK, capacity=8192), DISC)))
    assert (result.facet, result.expected, result.seen) == ("lun 0 capacity", "4096 bytes", "8192 bytes")


def test_a_capacity_that_is_not_enrolled_may_be_any() -> None:
    """A drive whose data unit had no medium when it was enrolled: it has one after its login."""
    listed = enrolled((other(DISK, capacity=0), DISC))
    assert listed[0].capacity is None
    assert drift(listed, (DISK, DISC)) == ()


def test_a_capacity_that_another_face_names_is_expected() -> None:
    """Empty before the login, with a medium after it: no other medium passes as the empty face."""
    locked, unlocked = passport(enrolled((other(DISK, capacity=0), DISC))), passport((DISK, DISC))
    assert media((locked, unlocked), (other(DISK, capacity=0), DISC)).code is None
    assert media((locked, unlocked), (DISK, DISC)).code is None
    result = media((locked, unlocked), (other(DISK, capacity=8192), DISC))
    assert (result.facet, result.expected, result.seen) == ("lun 0 capacity", "4096 bytes", "8192 bytes")
    assert media((locked,), (other(DISK, capacity=8192), DISC)).code is None


def test_one_of_several_faces_is_enough_and_the_nearest_is_named() -> None:
    locked, unlocked = passport((DISC,)), passport((DISK, DISC))
    assert media((locked, unlocked), (DISK, DISC)).code is None
    assert media((locked, unlocked), (other(DISC, type=0),)).facet == "lun 1 type"


def test_a_passport_without_media_expects_nothing_but_a_unit() -> None:
    assert media((passport(),), (DISC,)).code is None
    assert media((passport(),), ()).code is Code.MISMATCH
    assert media((), (DISC,)).code is None


def test_faces_are_the_fingerprints_that_fit() -> None:
    stick = a_stick()
    asset = an_asset(stick)
    foreign = Fingerprint("other", passport_of(a_stick(vid=0x4321), (0,)))
    asset = msgspec.structs.replace(asset, fingerprints=(*asset.fingerprints, foreign))
    assert faces(asset, stick) == (asset.fingerprints[0].passport,)
    assert faces(None, stick) == ()


def test_the_decision_follows_the_gate_and_keeps_one_word_of_it() -> None:
    good = decided(ALLOW, media((passport(),), (DISC,)))
    assert good.allow
    bad = decided(good, more("6:0:0:2"))
    assert (bad.allow, bad.code, bad.granted, bad.alarm) == (False, Code.MISMATCH, (), True)
    assert bad.failed is not None
    assert (bad.failed.facet, bad.failed.expected) == ("lun 2", "none")
    assert [r.gate for r in bad.results] == ["media"]


def test_a_passport_from_before_keeps_its_digest() -> None:
    """Media are left out of the canonical form where they are not part of the passport."""
    asset = an_asset(a_stick())
    assert b"media" not in canonical(msgspec.to_builtins(asset))
    listed = msgspec.structs.replace(asset, fingerprints=(Fingerprint("first", passport((DISK,))),))
    assert fingerprint_of(listed) != fingerprint_of(asset)
    text = canonical(msgspec.to_builtins(listed.fingerprints[0].passport))
    assert msgspec.json.decode(text, type=Passport) == listed.fingerprints[0].passport
    assert alike(listed.fingerprints[0].passport, asset.fingerprints[0].passport)


@pytest.mark.parametrize("field", [{"vendor": "zz"}, {"vendor": "00" * 9}, {"type": 256}, {"capacity": -1}])
def test_a_passport_by_hand_is_bounded(field: dict[str, object]) -> None:
    plain = msgspec.to_builtins(passport((DISK,)))
    plain["media"][0].update(field)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(plain, Passport)


def test_the_record_holds_the_units_as_bytes_and_as_shown() -> None:
    body = record.media((other(DISK, vendor=b"\x1b[2J\n   ".hex()),), (passport(),))
    assert body["media_listed"] is False
    (unit,) = body["media"]  # type: ignore[misc] # a list
    assert (unit["vendor_hex"], unit["vendor"], unit["capacity"]) == ("1b5b324a0a202020", "\\u{1b}[2J\\u{a}   ", 4096)
    assert record.media((DISK,), (passport((DISK,)),))["media_listed"] is True
    assert record.media((), ()) == {}
    canonical(body)
