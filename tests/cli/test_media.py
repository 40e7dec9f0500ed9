"""The media of a drive, and its access, in the commands' words."""

import pytest
from msgspec.structs import replace

from tests.build import a_stick, an_asset
from tests.cli.conftest import Run
from tests.cli.rig import Judge, described
from usbguard_py.core import requests
from usbguard_py.core.content import Content, Partition
from usbguard_py.core.media import Lun
from usbguard_py.core.passport import passport_of
from usbguard_py.core.whitelist import Fingerprint
from usbguard_py.shell.store import Store

DISK = Lun(0, 0, 0, b"SAMPLE  ".hex(), b"Stick           ".hex(), b"1.00".hex(), 8 << 20)
DISC = Lun(0, 1, 5, b"\x1b[2J    ".hex(), b"Tools           ".hex(), b"1.00".hex())
SHELF = Lun(0, 2, 13, "", "", "")


@pytest.fixture
def listed(store: Store) -> None:
    """A drive with three units, for reading only, and one that was given by hand."""
    passport = replace(passport_of(a_stick(), (0,)), media=(DISK, DISC, SHELF))
    asset = an_asset(a_stick(), fingerprints=(Fingerprint("first", passport),), access="ro")
    store.add_asset(asset, "quanly")
    store.add_asset(an_asset(a_stick(b"SAMPLE-0002"), id_="TB-0002"), "quanly")


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(
    ("lang", "parts"),
    [
        (
            "en",
            (
                "disk, SAMPLE Stick 1.00, 8.4 MB (8,388,608 bytes)",
                "CD or DVD, \\u{1b}[2J Tools 1.00",
                "type 13",
                "reading only",
            ),
        ),
        ("vi", ("ổ đĩa, SAMPLE Stick 1.00, 8,4 MB (8.388.608 byte)", "đĩa CD hoặc DVD", "loại 13", "chỉ đọc")),
    ],
)
def test_show_names_each_unit(run: Run, lang: str, parts: tuple[str, ...]) -> None:
    text = run("whitelist", "show", "TB-0001", lang=lang).stdout
    assert [part for part in parts if part not in text] == []


@pytest.mark.usefixtures("listed")
def test_show_says_that_media_are_not_part_of_a_passport(run: Run) -> None:
    text = run("whitelist", "show", "TB-0002", lang="en").stdout
    assert "not part of the passport" in text
    assert "reading and writing" in text


@pytest.mark.parametrize(("lang", "size"), [("en", "8.4 MB (8,388,608 bytes)"), ("vi", "8,4 MB (8.388.608 byte)")])
def test_show_says_what_a_disk_holds(run: Run, store: Store, lang: str, size: str) -> None:
    held = Content(
        table="dos", table_uuid="1a2b3c4d", partitions=(Partition(1, "0xc", "1a2b3c4d-01", "vfat", "1234-5678"),)
    )
    passport = replace(passport_of(a_stick(), (0,)), media=(replace(DISK, content=held),))
    store.add_asset(an_asset(a_stick(), fingerprints=(Fingerprint("first", passport),)), "quanly")
    text = " ".join(run("whitelist", "show", "TB-0001", lang=lang).stdout.split())
    assert f"{size}, dos 1a2b3c4d; #1 0xc 1a2b3c4d-01: vfat 1234-5678" in text


@pytest.mark.parametrize(
    ("seen", "said"), [("no answer in time", "không trả lời kịp"), ("vfat ABCD-0001", "vfat ABCD-0001")]
)
def test_what_is_seen_instead_is_said_in_words(run: Run, judge: Judge, seen: str, said: str) -> None:
    facts = {"facet": "lun 0 content", "expected": "vfat 1234-5678", "seen": seen}
    judge.answers["Devices"] = {"devices": [described(code="MISMATCH", asset="TB-0001", alarm=True, **facts)]}
    text = " ".join(run("devices").stdout.split())
    assert "ổ logic 0, nội dung" in text
    assert f"vfat 1234-5678; thực tế {said}" in text


@pytest.mark.parametrize(
    ("facet", "shown"),
    [("lun 1 type", "ổ logic 1, loại"), ("lun 2", "ổ logic 2"), ("luns", "các ổ logic"), ("lun x", "lun x")],
)
def test_a_facet_of_a_unit_is_said_in_words(run: Run, judge: Judge, facet: str, shown: str) -> None:
    device = described(code="MISMATCH", asset="TB-0001", facet=facet, expected="0", seen="5", alarm=True)
    judge.answers["Devices"] = {"devices": [device]}
    assert shown in " ".join(run("devices").stdout.split())


@pytest.mark.parametrize(
    ("word", "access"), [((), "rw"), (("--access", "read-write"), "rw"), (("--access", "read-only"), "ro")]
)
def test_add_asks_for_the_access(run: Run, judge: Judge, word: tuple[str, ...], access: str) -> None:
    judge.answers["WhitelistAdd"] = {"id": "TB-0001", "seq": 5}
    who = ("--holder", "Nguyen Van Mau", "--document", "MAU-01/2026")
    assert run("whitelist", "add", "--device", "1-2", *who, *word, "--json").exit_code == 0
    (asked,) = judge.asked
    assert isinstance(asked, requests.WhitelistAdd)
    assert asked.access == access


def test_another_access_is_refused(run: Run, judge: Judge) -> None:
    result = run("whitelist", "add", "--device", "1-2", "--access", "none", "--json")
    assert result.exit_code == 64
    assert judge.asked == []
