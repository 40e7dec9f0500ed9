"""The machine's key, and the system's programs that sign and verify with it: ``openssl``, else ``ssh-keygen``.

For a short-lived command, never for the judge. The key is made by the first checkpoint, in a folder of root alone, and
never leaves it.
"""

import base64
import functools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from usbguard_py import paths
from usbguard_py.core.checkpoint import KEY, NAMESPACE, SIGNATURE, signed, spki, ssh_key, ssh_signature
from usbguard_py.errors_seal import CannotSign

PROGRAMS = ("openssl", "ssh-keygen")
SECONDS = 60.0  # for one call on the slowest machine
_SSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"

# A known good signature, so that a program that cannot do Ed25519 is not taken for one that says no: the key of
# RFC 8032, 7.1, TEST 1 over b"", as `signed` makes it.
PROBE_KEY = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
PROBE_SIGNATURE = bytes.fromhex(
    "467c8e0f9094af86c04c0290955a775d4bbc3c21f19e7b195093024edc6739c3"
    "2da0103793f7d728c29764e66e5c3e1a907345a7ecc3de41f87ea5f0a88e6f08"
)


def programs() -> list[str]:
    """The programs that are there and can do it."""
    return [name for name in PROGRAMS if _works(name)]


def sign(text: bytes) -> tuple[bytes, bytes]:
    """The public key and the signature over a statement, verified; makes the key when there is none.

    Raises:
        CannotSign: neither program is there, or it failed.
    """
    key = paths.SIGNING / "key"
    if not key.exists():
        _make(key)
    program = "ssh-keygen" if key.read_bytes().startswith(_SSH) else "openssl"
    with _folder() as folder:
        made = (_by_ssh if program == "ssh-keygen" else _by_openssl)(key, text, folder)
    if not _verified(program, *made, text):
        raise CannotSign(detail=program)
    return made


def verified(key: bytes, signature: bytes, text: bytes) -> bool | None:
    """Whether the signature over a statement is that key's; ``None`` when no program is there that could say."""
    for program in programs():
        return _verified(program, key, signature, text)
    return None


def _make(key: Path) -> None:
    """Make the key, complete or not at all."""
    ours = programs()
    if not ours:
        raise CannotSign(detail=" / ".join(PROGRAMS))
    draft = key.with_name(f"draft-{os.getpid()}")
    key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = os.umask(0o077)
    try:
        if ours[0] == "openssl":
            _run("openssl", "genpkey", "-algorithm", "ed25519", "-out", str(draft))
        else:
            _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "usbguard-py", "-f", str(draft))
        draft.chmod(0o600)
        draft.rename(key)
    finally:
        os.umask(before)
        for left in (draft, draft.with_name(draft.name + ".pub")):
            left.unlink(missing_ok=True)


def _by_openssl(key: Path, text: bytes, folder: Path) -> tuple[bytes, bytes]:
    (folder / "data").write_bytes(signed(text))
    public = _run("openssl", "pkey", "-in", str(key), "-pubout", "-outform", "DER")[-KEY:]
    sign_it = ("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", str(key), "-in", str(folder / "data"))
    return public, _run(*sign_it)


def _by_ssh(key: Path, text: bytes, folder: Path) -> tuple[bytes, bytes]:
    (folder / "data").write_bytes(text)
    _run("ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE.decode(), "-f", str(key), str(folder / "data"))
    public = base64.b64decode(_run("ssh-keygen", "-y", "-f", str(key)).split()[1])[-KEY:]
    lines = (folder / "data.sig").read_text(encoding="ascii").strip().splitlines()
    return public, base64.b64decode("".join(lines[1:-1]))[-SIGNATURE:]


def _verified(program: str, key: bytes, signature: bytes, text: bytes) -> bool:
    with _folder() as folder:
        if program == "openssl":
            (folder / "key").write_bytes(spki(key))
            (folder / "data").write_bytes(signed(text))
            (folder / "signature").write_bytes(signature)
            names = ("-inkey", str(folder / "key"), "-in", str(folder / "data"), "-sigfile", str(folder / "signature"))
            command: tuple[str, ...] = ("openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin", *names)
        else:
            (folder / "signers").write_text(f"log {ssh_key(key)}\n", encoding="ascii")
            (folder / "signature").write_text(ssh_signature(key, signature), encoding="ascii")
            names = ("-f", str(folder / "signers"), "-s", str(folder / "signature"), "-I", "log")
            command = ("ssh-keygen", "-Y", "verify", "-n", NAMESPACE.decode(), *names)
        return _started(*command, given=text).returncode == 0


@functools.cache
def _works(program: str) -> bool:
    """Whether a program is there and finds a known signature good."""
    if shutil.which(program, path=_PATH) is None:
        return False
    try:
        return _verified(program, PROBE_KEY, PROBE_SIGNATURE, b"")
    except CannotSign:
        return False


@contextmanager
def _folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="usbguard-py-") as name:
        yield Path(name)


_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def _run(*command: str) -> bytes:
    done = _started(*command)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise CannotSign(detail=f"{command[0]}: {said[-1] if said else done.returncode}")
    return done.stdout


def _started(*command: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {"PATH": _PATH, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
    try:
        return subprocess.run(  # noqa: S603 - fixed names, our own files
            command, input=given, capture_output=True, check=False, timeout=SECONDS, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotSign(detail=str(error)) from error
