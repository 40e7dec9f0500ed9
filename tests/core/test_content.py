"""What a disk holds: compared with the passport piece by piece, shown without a word of the medium's own."""

import msgspec
import pytest

from tests.build import a_stick, an_asset
from usbguard_py.core import record
from usbguard_py.core.canonical import canonical
from usbguard_py.core.changes import fields, fingerprint_of
from usbguard_py.core.codes import Code
from usbguard_py.core.content import AMBIGUOUS, NO_MEDIUM, UNREADABLE, Content, Found, Partition, differing, told
from usbguard_py.core.gates_media import media, read_for
from usbguard_py.core.media import Lun, Media, enrolled
from usbguard_py.core.passport import Passport, passport_of
from usbguard_py.core.whitelist import Fingerprint

FAT = Content(type="vfat", uuid="1234-5678")
OTHER = Content(type="vfat", uuid="ABCD-0001")
LUKS = Content(type="crypto_LUKS", uuid="3d0c5a3e-0000-4000-8000-000000000001")
PART = Partition(1, "0xc", "1a2b3c4d-01", "vfat", "1234-5678")
TABLE = Content(table="dos", table_uuid="1a2b3c4d", partitions=(PART, Partition(2, "0x83", "1a2b3c4d-02")))
DISK = Lun(0, 0, 0, b"SAMPLE  ".hex(), b"Stick           ".hex(), b"1.00".hex(), 4096)
DISC = Lun(0, 1, 5, b"SAMPLE  ".hex(), b"Tools           ".hex(), b"1.00".hex())


def holds(found: Found) -> Lun:
    """The disk, with this on it."""
    return msgspec.structs.replace(DISK, content=found)


def passport(*units: Lun) -> Passport:
    return msgspec.structs.replace(passport_of(a_stick(), (0,)), media=units)


def test_a_disk_is_told_with_its_partitions() -> None:
    assert told(FAT) == ("vfat 1234-5678",)
    assert told(TABLE) == ("dos 1a2b3c4d", "#1 0xc 1a2b3c4d-01: vfat 1234-5678", "#2 0x83 1a2b3c4d-02")
    assert told(Content()) == ("nothing known",)
    assert told(UNREADABLE) == ("not readable",)


DIFFERENT: dict[str, tuple[Found, Found, str, str]] = {
    "another UUID": (FAT, OTHER, "vfat 1234-5678", "vfat ABCD-0001"),
    "encrypted": (FAT, LUKS, "vfat 1234-5678", f"crypto_LUKS {LUKS.uuid}"),
    "emptied": (FAT, Content(), "vfat 1234-5678", "nothing known"),
    "no partitions any more": (
        TABLE,
        msgspec.structs.replace(TABLE, partitions=()),
        "#1 0xc 1a2b3c4d-01: vfat 1234-5678",
        "none",
    ),
    "one partition made anew": (
        TABLE,
        msgspec.structs.replace(TABLE, partitions=(PART, msgspec.structs.replace(PART, number=2))),
        "#2 0x83 1a2b3c4d-02",
        "#2 0xc 1a2b3c4d-01: vfat 1234-5678",
    ),
    "ambiguous": (FAT, AMBIGUOUS, "vfat 1234-5678", "more than one file system"),
    "a problem is never expected": (UNREADABLE, UNREADABLE, "not readable", "not readable"),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_the_first_piece_that_differs_is_named(case: str) -> None:
    expected, seen, *sides = DIFFERENT[case]
    assert differing(expected, seen) == tuple(sides)
    result = media((passport(holds(expected), DISC),), (holds(seen), DISC))
    assert (result.code, result.facet, result.expected, result.seen) == (Code.MISMATCH, "lun 0 content", *sides)


def test_what_is_as_enrolled_passes() -> None:
    for found in (FAT, LUKS, TABLE):
        assert media((passport(holds(found), DISC),), (holds(found), DISC)).code is None


def test_it_is_compared_after_the_capacity_and_only_where_both_sides_have_it() -> None:
    listed = (passport(holds(FAT), DISC),)
    assert media(listed, (DISK, DISC)).code is None  # not read yet
    assert media((passport(DISK, DISC),), (holds(FAT), DISC)).code is None  # not enrolled
    smaller = msgspec.structs.replace(holds(OTHER), capacity=512)
    assert media(listed, (smaller, DISC)).facet == "lun 0 capacity"


def test_only_units_are_read_of_which_a_passport_says_something() -> None:
    assert read_for((passport(DISK, DISC),)) == frozenset()
    assert read_for((passport_of(a_stick(), (0,)),)) == frozenset()
    assert read_for((passport(DISK, DISC), passport(holds(FAT), DISC))) == {(0, 0)}


@pytest.mark.parametrize(("found", "facet"), [(FAT, None), (OTHER, None), (LUKS, "lun 0 content")])
def test_any_of_several_faces_may_be_shown(found: Found, facet: str | None) -> None:
    """A stick that was formatted anew and approved again."""
    faces = (passport(holds(FAT), DISC), passport(holds(OTHER), DISC))
    result = media(faces, (holds(found), DISC))
    assert (result.facet if result.code else None) == facet


def test_a_passport_without_it_keeps_its_bytes_and_one_with_it_comes_back_as_it_was() -> None:
    asset = an_asset(a_stick(), fingerprints=(Fingerprint("first", passport(DISK, DISC)),))
    assert b"content" not in canonical(fields(asset))
    newer = msgspec.structs.replace(asset, fingerprints=(Fingerprint("first", passport(holds(TABLE), DISC)),))
    assert fingerprint_of(newer) != fingerprint_of(asset)
    text = msgspec.json.encode(newer.fingerprints[0].passport)
    assert msgspec.json.decode(text, type=Passport) == newer.fingerprints[0].passport


def test_an_entry_says_what_was_read() -> None:
    seen: Media = (holds(FAT), DISC)
    units = record.media(seen, (passport(*seen),))["media"]
    assert isinstance(units, list)
    assert units[0]["content"] == {"type": "vfat", "uuid": "1234-5678"}
    assert "content" not in units[1]
    bad = record.media((holds(NO_MEDIUM),), ())["media"]
    assert isinstance(bad, list)
    assert bad[0]["content"] == "no medium"
    assert enrolled(seen) == seen


BAD = [
    {"type": "a b"},
    {"type": "\x1b[2J"},
    {"type": "x" * 33},
    {"uuid": "1234_5678"},
    {"uuid": "1234-5678\n"},
    {"uuid": "x" * 65},
    {"partitions": [{"number": 0}]},
    {"partitions": [{"number": 1, "kind": "0xC"}]},
    {"partitions": [{"number": n} for n in range(1, 18)]},
]


@pytest.mark.parametrize("plain", BAD)
def test_what_is_out_of_its_bounds_is_no_content(plain: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(plain, Content)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert("whatever", Found)
