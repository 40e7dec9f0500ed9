"""A checkpoint: number and hash of an entry, signed with the machine's Ed25519 key (RFC 8032).

What is signed is what ``ssh-keygen -Y sign`` signs (OpenSSH, PROTOCOL.sshsig), so that either ``ssh-keygen`` or
``openssl`` makes and verifies it. Nothing here computes a signature. docs/ledger-format.md.
"""

import base64
import hashlib

import msgspec

from usbguard_py.core.canonical import canonical

NAMESPACE = b"usbguard-py"
KEY, SIGNATURE = 32, 64  # bytes, RFC 8032
RECENT = 256  # entries at the end of the ledger, one of which a checkpoint has to be of
_TYPE = b"ssh-ed25519"
_SPKI = bytes.fromhex("302a300506032b6570032100")  # what goes before the key in a SubjectPublicKeyInfo, RFC 8410


class Checkpoint(msgspec.Struct, frozen=True):
    """The fields of an entry ``checkpoint`` that say what is signed: entry, its hash, public key, signature; hex."""

    of: int
    head: str
    key: str
    signature: str

    @property
    def well_formed(self) -> bool:
        """Whether key, hash and signature have their lengths and one spelling."""
        sizes = (self.head, 32), (self.key, KEY), (self.signature, SIGNATURE)
        return all(len(text) == 2 * size and text == text.lower() and _is_hex(text) for text, size in sizes)


def statement(ledger: str, seq: int, head: str) -> bytes:
    """The text that is signed: which ledger, which entry, its hash in hex."""
    return canonical({"format": "usbguard-py-checkpoint", "head": head, "ledger": ledger, "seq": seq, "version": 1})


def signed(text: bytes) -> bytes:
    """The bytes that the signature is over, for a statement."""
    return b"SSHSIG" + b"".join(map(_string, (NAMESPACE, b"", b"sha512", hashlib.sha512(text).digest())))


def fingerprint(key: str) -> str:
    """By what a key in hex is known on paper: the first 20 digits of its SHA-256, in groups of five."""
    digits = hashlib.sha256(bytes.fromhex(key)).hexdigest()
    return "-".join(digits[at : at + 5] for at in range(0, 20, 5))


def spki(key: bytes) -> bytes:
    """A public key as ``openssl`` reads it (DER)."""
    return _SPKI + key


def ssh_key(key: bytes) -> str:
    """A public key as ``ssh-keygen`` reads it."""
    return f"{_TYPE.decode()} {base64.b64encode(_string(_TYPE) + _string(key)).decode()}"


def ssh_signature(key: bytes, signature: bytes) -> str:
    """A signature as ``ssh-keygen`` reads it."""
    parts = (_string(_TYPE) + _string(key), NAMESPACE, b"", b"sha512", _string(_TYPE) + _string(signature))
    text = base64.b64encode(b"SSHSIG" + (1).to_bytes(4, "big") + b"".join(map(_string, parts))).decode()
    lines = [text[at : at + 70] for at in range(0, len(text), 70)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _is_hex(text: str) -> bool:
    try:
        bytes.fromhex(text)
    except ValueError:
        return False
    return True
