"""The key with which a library signs exports of its audit trail (Ed25519), and its fingerprint.

It is made at first use and kept among the facts of the library: whoever can read the database can sign with it. The
fingerprint is what a person compares: it comes from the library by another way than the file does.
"""

from __future__ import annotations

import hashlib
import re
import threading
from typing import TYPE_CHECKING

from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY = "audit_key"  # in the facts of the library: the private key, 32 bytes in hexadecimal digits
_BYTES = 16  # of the SHA-256 of the public key, in a fingerprint
_making = threading.Lock()


def signing_key(lib: Library) -> Ed25519PrivateKey:
    """The library's key, made now where there is none.

    Raises `StorageError` where it cannot be kept, and where what is kept is no key: another one is not made in its
    place, as every fingerprint that was written down would then be wrong.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    with _making:
        kept = lib.meta(KEY)
        if kept is None:
            kept = Ed25519PrivateKey.generate().private_bytes_raw().hex()
            lib.set_meta(KEY, kept)
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(kept))
    except ValueError as error:
        raise StorageError(
            tr("the key that signs exports of the audit trail is damaged"),
            safe=tr("nothing was signed, and the audit trail is unchanged"),
            remedy=tr("restore the library from a backup (pfm library restore)"),
        ) from error


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public key."""
    return key.public_key().public_bytes_raw()


def fingerprint_of(public: bytes) -> str:
    """`3f2a 90c1 ...`: the first 16 bytes of its SHA-256, as eight groups of four digits."""
    digits = hashlib.sha256(public).digest()[:_BYTES].hex()
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def library_fingerprint(lib: Library) -> str:
    """The fingerprint of the library's key; "" before the first signed export. `StorageError` as `signing_key`."""
    return fingerprint_of(public_bytes(signing_key(lib))) if lib.meta(KEY) is not None else ""


def typed_fingerprint(text: str) -> str:
    """A fingerprint as `fingerprint_of` writes it, however it was typed; `BadInputError` where it is none or a part."""
    digits = re.sub(r"[\s:.-]", "", text).lower()
    if not re.fullmatch(rf"[0-9a-f]{{{2 * _BYTES}}}", digits):
        raise BadInputError(
            tr('"{typed}" is no fingerprint', typed=text[:80]),
            safe=tr("nothing was checked"),
            remedy=tr("type all {count} digits, as Settings of the library shows them", count=2 * _BYTES),
        )
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))
