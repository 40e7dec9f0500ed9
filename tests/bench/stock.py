"""Long lists: our database with many assets, and the peer's rules for the same devices."""

import base64
import hashlib
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tests.scenarios.rig import APPROVED, DOCUMENT, HOLDER, ROOT
from usbguard_py.core.whitelist import Asset
from usbguard_py.shell.store import Store

BY = "benchmark"


def others(sample: Asset, count: int) -> Iterator[Asset]:
    """Assets as ``sample``, each with a serial of its own."""
    face = sample.fingerprints[0]
    for number in range(count):
        serial = f"SAMPLE-X{number:06d}".encode().hex()
        passport = msgspec.structs.replace(face.passport, serial=serial)
        yield msgspec.structs.replace(
            sample,
            label=f"Sample {number}",
            electronic_serial=serial,
            fingerprints=(msgspec.structs.replace(face, passport=passport),),
        )


def database(sample: Asset, count: int, path: Path) -> Path:
    """A database with ``count`` assets, ``sample`` in their middle, and the strict policy in force."""
    from usbguard_py.shell.migrations import create  # noqa: PLC0415 - slow, and only needed here

    path.unlink(missing_ok=True)
    create(path)
    text = (ROOT / "policies/standalone.toml").read_text(encoding="utf-8")
    store = Store.open(path)
    try:
        with store.transaction():
            store.use_policy("standalone", text, hashlib.sha256(text.encode()).hexdigest(), BY)
            for number, asset in enumerate(others(sample, count)):
                store.add_asset(sample if number == count // 2 else asset, BY)
    finally:
        store.close()
    return path


def rules(line: str, count: int) -> str:
    """``count`` rules for the peer: ``line``, which allows the sample stick, in their middle.

    The others are the same rule for other serials, each with its own hash, as ``usbguard generate-policy`` writes them.
    """
    lines = []
    for number in range(count):
        if number == count // 2:
            lines.append(line)
            continue
        serial = f"SAMPLE-X{number:06d}"
        digest = base64.b64encode(hashlib.sha256(serial.encode()).digest()).decode()
        lines.append(_other(line, serial, digest))
    return "\n".join(lines) + "\n"


def _other(line: str, serial: str, digest: str) -> str:
    words = line.replace(f'"{APPROVED}"', f'"{serial}"').split(" ")
    place = words.index("hash") + 1
    words[place] = f'"{digest}"'
    return " ".join(words)


def pack(folder: Path, drive: Path) -> None:
    """Write the files of ``folder`` onto a raw drive that the guest has had from its start, as one tar."""
    with drive.open("r+b") as raw, tarfile.open(fileobj=raw, mode="w|") as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, path.name)


def sample_of(path: Path) -> Asset:
    """The approved stick as the guest's own database describes it."""
    store = Store.open(path)
    try:
        (sample,) = [a for a in store.assets() if a.electronic_serial == APPROVED.encode().hex()]
        return sample
    finally:
        store.close()


def fresh(folder: Path) -> Path:
    """``folder``, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


__all__ = ["DOCUMENT", "HOLDER", "database", "fresh", "pack", "rules", "sample_of"]
