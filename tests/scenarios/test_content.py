"""What a disk holds is part of a passport where it was enrolled: the same drive with another medium is another."""

from pathlib import Path

from tests.lab import Plugged
from tests.lab.devices import Unit
from tests.lab.media import medium
from tests.scenarios.rig import DOCUMENT, Rig
from tests.shell.test_content import luks2

SERIAL = "SAMPLE-0720"
SIZE = 8 << 20
FACET = "lun 0 content"


def fat(path: Path, number: str) -> Path:
    """A FAT file system with this number, on the whole disk."""
    return medium(path / f"{number}.raw", size=SIZE, volume=number)


def partitioned(path: Path, number: str) -> Path:
    """A table with the same number always, and a FAT file system with this one in its partition."""
    made = medium(path / f"part{number}.raw", size=SIZE, partition=True, volume=number)
    with made.open("r+b") as file:
        file.seek(440)  # the disk's number in an MBR
        file.write(bytes.fromhex("4d3c2b1a"))
    return made


def luks(path: Path, number: str) -> Path:
    """A LUKS2 header with a UUID that ends in this number."""
    made = medium(path / f"luks{number}.raw", size=SIZE, kind="none")
    with made.open("r+b") as file:
        file.write(luks2(f"3d0c5a3e-0000-4000-8000-0000{number}"))
    return made


def plug(rig: Rig, *images: Path) -> Plugged:
    """The sample drive, with a unit for each of these images."""
    return rig.guest.plug_units(*(Unit(image=image) for image in images), serial=SERIAL)


def approved(rig: Rig, *images: Path) -> str:
    """The sample drive with these in it: on the list with what it holds, in use, pulled out again; its number."""
    before = rig.seq()
    stick = plug(rig, *images)
    rig.blocked(stick, before, "NOT_LISTED")
    words = f"--device {stick.port} --holder Mau --document {DOCUMENT} --content --json"
    rig.cli(f"whitelist add {words}", timeout=90)
    entry = rig.allowed(stick, before)
    pulled(rig, stick, before)
    return str(entry["asset"])


def pulled(rig: Rig, stick: Plugged, before: int) -> None:
    """Pull it out, and see that noticed."""
    stick.unplug()
    rig.await_entry(before, kind="removed", name=stick.port)


def given(rig: Rig, since: int) -> list[str]:
    """The disks that were ever given out, and the partitions that ever were there."""
    return [
        str(event)
        for event in rig.guest.witness.events[since:]
        if event.kind == "uevent"
        and event.subsystem == "block"
        and (event.env.get("SYNTH_ARG_USBGUARDPY") == "given" or event.env.get("DEVTYPE") == "partition")
    ]


def cut_before_it_was_given_out(rig: Rig, facet: str, expected: str, seen: str, *images: Path) -> Plugged:
    """The drive, with these in it: cut, the facet named, and never anybody's."""
    before, since = rig.seq(), rig.guest.witness.mark
    stick = plug(rig, *images)
    entry = rig.await_entry(before, kind="cut", name=stick.port, code="MISMATCH")
    assert (entry["facet"], entry["expected"], entry["seen"]) == (facet, expected, seen)
    assert entry["alarm"] is True
    rig.dead_again(stick.port)
    assert given(rig, since) == []
    return stick


def test_a_stick_of_the_same_size_with_another_file_system_is_cut(rig: Rig, tmp_path: Path) -> None:
    """Approved with what it holds it works; formatted anew it does not, until the clerk has approved that, too."""
    first, anew = fat(tmp_path, "12345678"), fat(tmp_path, "ABCD0001")
    identifier = approved(rig, first)
    clone = cut_before_it_was_given_out(rig, FACET, "vfat 1234-5678", "vfat ABCD-0001", anew)
    assert "logical unit 0, content" in rig.cli(f"explain {clone.port}").stdout
    before, since = rig.seq(), rig.guest.witness.mark
    words = f'whitelist learn {identifier} --device {clone.port} --face "formatted anew" --document {DOCUMENT} --yes'
    rig.cli(words, timeout=90)
    rig.allowed(clone, before)
    assert len(given(rig, since)) == 1


def test_luks_and_partitions_are_told_by_their_uuids(rig: Rig, tmp_path: Path) -> None:
    """A drive with both. The same sizes and kinds of content, another UUID in one of them: it is never given out."""
    sound = (luks(tmp_path, "12345678"), partitioned(tmp_path, "12345678"))
    approved(rig, *sound)
    clone = (luks(tmp_path, "abcd0001"), sound[1])
    kind = "crypto_LUKS 3d0c5a3e-0000-4000-8000-0000"
    cut = cut_before_it_was_given_out(rig, "lun 0 content", kind + "12345678", kind + "abcd0001", *clone)
    cut.unplug()
    clone = (sound[0], partitioned(tmp_path, "ABCD0001"))
    entry = "#1 0xc 1a2b3c4d-01: vfat "
    cut_before_it_was_given_out(rig, "lun 1 content", entry + "1234-5678", entry + "ABCD-0001", *clone)


def test_a_card_of_the_same_size_in_a_reader_cuts_it(rig: Rig, tmp_path: Path) -> None:
    """While it is in use. The card that was approved may be taken out and put back."""
    first, other = fat(tmp_path, "12345678"), fat(tmp_path, "ABCD0001")
    before = rig.seq()
    reader = rig.guest.plug_stick(serial=SERIAL, image=first)
    rig.blocked(reader, before, "NOT_LISTED")
    rig.cli(f"whitelist add --device {reader.port} --holder Mau --document {DOCUMENT} --content --json", timeout=90)
    rig.allowed(reader, before)
    pulled(rig, reader, before)
    before = rig.seq()
    reader = rig.guest.plug_stick(serial=SERIAL, image=first)
    rig.allowed(reader, before)
    outcome = rig.await_entry(before, kind="outcome", name=reader.port, code="ALLOWED")
    assert outcome["media"][0]["content"] == {"type": "vfat", "uuid": "1234-5678"}
    before, since = rig.seq(), rig.guest.witness.mark
    rig.guest.change_medium(reader, image=first)
    rig.guest.witness.wait_uevent("change", since=since, DISK_MEDIA_CHANGE="1")
    rig.guest.run("udevadm settle; blkid -p -s UUID /dev/sda | grep 1234-5678")
    assert rig.entries(before) == []
    rig.guest.change_medium(reader, image=other)
    cut = rig.await_entry(before, timeout=30, kind="cut", name=reader.port, code="MISMATCH")
    assert (cut["facet"], cut["expected"], cut["seen"]) == (FACET, "vfat 1234-5678", "vfat ABCD-0001")
    assert [entry["kind"] for entry in rig.entries(before)] == ["cut"]
    assert cut["alarm"] is True
    rig.dead_again(reader.port)
