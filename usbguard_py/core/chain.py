"""The hash chain of the ledger: each entry's hash covers the one before it.

``hash(n) = SHA-256(DOMAIN || hash(n-1) || body(n))`` with ``hash(0) = GENESIS``. The domain and the
previous hash have fixed lengths, so that no two inputs can be read in two ways; the domain keeps the
hash apart from every other use of SHA-256 (FIPS 180-4).
"""

import hashlib

DOMAIN = b"usbguard-py/ledger/1\x00"
GENESIS = bytes(32)


def link(previous: bytes, body: bytes) -> bytes:
    """The hash, 32 bytes, of the entry with ``body`` that follows the entry with hash ``previous``."""
    return hashlib.sha256(DOMAIN + previous + body).digest()
