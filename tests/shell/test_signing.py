"""Checkpoints with the system's own programs: each signs, each verifies what the other signed, and says no."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.shell.test_tampering import verifier  # noqa: F401 - a fixture
from usbguard_py import paths
from usbguard_py.core import record_seals
from usbguard_py.core.checkpoint import Checkpoint, fingerprint, statement
from usbguard_py.errors import LedgerBroken
from usbguard_py.errors_seal import CannotSign
from usbguard_py.shell import signing
from usbguard_py.shell.export import export
from usbguard_py.shell.store import Store
from usbguard_py.shell.verify import verify

TEXT = statement("ab" * 16, 7, "cd" * 32)


@pytest.fixture(autouse=True)
def _key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "SIGNING", tmp_path / "signing")


@pytest.fixture(params=signing.PROGRAMS)
def program(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """One of the programs, as if it were the only one."""
    name = str(request.param)
    monkeypatch.setattr(signing, "PROGRAMS", (name,))
    return name


def test_each_program_signs_and_the_other_agrees(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    key, signature = signing.sign(TEXT)
    assert (len(key), len(signature)) == (32, 64)
    assert signing.sign(TEXT) == (key, signature)  # the key stays, and Ed25519 is deterministic
    file = paths.SIGNING / "key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(paths.SIGNING.stat().st_mode) == 0o700
    assert [path.name for path in paths.SIGNING.iterdir()] == ["key"]
    for other in ("openssl", "ssh-keygen"):
        monkeypatch.setattr(signing, "PROGRAMS", (other,))
        assert signing.verified(key, signature, TEXT) is True
        assert signing.verified(key, signature, TEXT + b" ") is False
        assert signing.verified(key, signature[:-1] + bytes([signature[-1] ^ 1]), TEXT) is False
        assert signing.verified(key[:-1] + bytes([key[-1] ^ 1]), signature, TEXT) is False


def test_without_any_program_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "PROGRAMS", ("no-such-program",))
    with pytest.raises(CannotSign):
        signing.sign(TEXT)
    assert not (paths.SIGNING / "key").exists()
    assert signing.verified(bytes(32), bytes(64), TEXT) is None


def signed_ledger(store: Store, database: Path) -> tuple[str, int]:
    """A checkpoint of the last entry, and entries before and behind; the key and the signed number."""
    entry = store.append("alarm", {"n": 2})
    ledger = verify(database).ledger
    key, signature = signing.sign(statement(ledger, entry.seq, entry.hash.hex()))
    store.append("alarm", {"n": 3})
    made = Checkpoint(entry.seq, entry.hash.hex(), key.hex(), signature.hex())
    store.append("checkpoint", record_seals.checkpoint(made))
    store.append("alarm", {"n": 4})
    return key.hex(), entry.seq


def test_a_checkpoint_in_the_log(
    store: Store,
    database: Path,
    tmp_path: Path,
    verifier: ModuleType,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key, seq = signed_ledger(store, database)
    found = verify(database).signed
    assert [(s.key, s.seq, s.checked) for s in found] == [(fingerprint(key), seq, True)]
    target = tmp_path / "log.jsonl"
    export(database, target)
    walk, _ = verifier.verified(str(target), [])
    assert verifier.signatures(walk) == [{"key": fingerprint(key), "record": seq, "checked": True}]
    monkeypatch.setattr(signing, "PROGRAMS", ())
    assert [s.checked for s in verify(target).signed] == [False]
    empty = {"PATH": str(tmp_path), "LANG": "vi_VN.UTF-8", "PYTHONUTF8": "1"}
    command = [sys.executable, str(Path(verifier.__dict__["__file__"])), str(target)]
    shown = subprocess.run(command, capture_output=True, check=False, env=empty, stdin=subprocess.DEVNULL)
    assert shown.returncode == 0
    assert "CHƯA KIỂM TRA CHỮ KÝ" in shown.stdout.decode()


def anew(lines: list[bytes], change: "dict[bytes, bytes]", tool: ModuleType) -> bytes:
    """The exported file as somebody makes it who never had the key: texts exchanged, every hash and the head anew."""
    previous, out = bytes(32), []
    for line in lines[1:]:
        body = line[8:-76]
        for old, new in change.items():
            body = body.replace(old, new)
        fields = json.loads(body)
        if fields["kind"] == "checkpoint":
            body = (
                body.replace(fields["head"].encode(), hashes[fields["of"] - 1].encode())
                if (hashes := [json.loads(o)["hash"] for o in out])
                else body
            )
        previous = tool.link(previous, body)
        out.append(b'{"body":' + body + b',"hash":"' + previous.hex().encode() + b'"}\n')
    header = json.loads(lines[0]) | {"head": previous.hex()}
    return bytes(tool.canonical(header)) + b"".join(out)


def test_a_log_written_anew_without_the_key(
    store: Store,
    database: Path,
    tmp_path: Path,
    verifier: ModuleType,  # noqa: F811
) -> None:
    """The forger also puts the new hash into the checkpoint: the signature does not fit it."""
    _, seq = signed_ledger(store, database)
    target = tmp_path / "log.jsonl"
    export(database, target)
    lines = target.read_bytes().splitlines(keepends=True)
    target.write_bytes(anew(lines, {b'"n":2': b'"n":9'}, verifier))
    with pytest.raises(LedgerBroken) as caught:
        verify(target)
    assert (caught.value.facts["tampering"], caught.value.facts["record"]) == ("rewritten", seq)
    walk, _ = verifier.verified(str(target), [])
    with pytest.raises(verifier.Broken) as theirs:
        verifier.signatures(walk)
    assert (theirs.value.word, theirs.value.record) == ("rewritten", seq)


def test_a_checkpoint_of_another_hash(
    store: Store,
    database: Path,
    tmp_path: Path,
    verifier: ModuleType,  # noqa: F811
) -> None:
    made = Checkpoint(1, "cd" * 32, "ab" * 32, "ef" * 64)
    entry = store.append("checkpoint", record_seals.checkpoint(made))
    target = tmp_path / "log.jsonl"
    export(database, target)
    for check in (lambda: verify(target), lambda: verify(database)):
        with pytest.raises(LedgerBroken) as caught:
            check()
        assert (caught.value.facts["tampering"], caught.value.facts["record"]) == ("rewritten", entry.seq)
    with pytest.raises(verifier.Broken) as theirs:
        verifier.verified(str(target), [])
    assert (theirs.value.word, theirs.value.record) == ("rewritten", entry.seq)


def test_both_programs_are_here() -> None:
    """Otherwise the tests above say less than they should."""
    assert [name for name in signing.PROGRAMS if shutil.which(name)] == ["openssl", "ssh-keygen"]
    assert os.environ["PATH"]
