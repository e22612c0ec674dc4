"""Bytes of pictures as an encrypted library keeps them: AES-256-GCM, under names that tell nothing.

A file is MAGIC, a random nonce of 12 bytes, and the encrypted bytes with their tag of 16. The hash of the picture is
bound in, so that a file that takes the place of another does not open.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from pfm_desktop.storage.keys import LibraryKeys

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"PFMSEAL1"
EXTENSION = "sealed"
_NONCE, _TAG = 12, 16
OVERHEAD = len(MAGIC) + _NONCE + _TAG  # bytes that a file is longer than its picture


class NotSealedError(Exception):
    """Bytes that are not what was sealed under this hash."""


class Seal:
    """Seals with the keys of one library."""

    def __init__(self, keys: LibraryKeys) -> None:
        self._keys = keys

    @functools.cached_property
    def _cipher(self) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._keys.pictures)

    def name_of(self, sha256: str) -> str:
        """Name of the file that holds the bytes of this hash: 64 hexadecimal digits."""
        return hmac.digest(self._keys.file_names, sha256.encode(), "sha256").hex()

    def close(self, data: bytes, sha256: str) -> bytes:
        """The bytes as they are kept."""
        nonce = secrets.token_bytes(_NONCE)
        return b"".join((MAGIC, nonce, self._cipher.encrypt(nonce, data, sha256.encode())))

    def open(self, kept: bytes, sha256: str) -> bytes:
        """The bytes again; `NotSealedError` where they are not those of `sha256`, whole and unaltered."""
        from cryptography.exceptions import InvalidTag

        start = len(MAGIC) + _NONCE
        if len(kept) < OVERHEAD or not kept.startswith(MAGIC):
            raise NotSealedError
        try:
            return self._cipher.decrypt(kept[len(MAGIC) : start], memoryview(kept)[start:], sha256.encode())
        except InvalidTag as error:
            raise NotSealedError from error

    def is_whole(self, kept: bytes, name: str) -> bool:
        """Whether that is what was sealed under this file name, where nobody knows of which hash it is the name.

        The hash is that of the picture, which can be had without its tag first, and then opens it with the tag.
        """
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        start = len(MAGIC) + _NONCE
        if len(kept) < OVERHEAD:
            return False
        counter = kept[len(MAGIC) : start] + (2).to_bytes(4, "big")  # GCM's first block of a text, SP 800-38D, 7.1
        opened = Cipher(algorithms.AES(self._keys.pictures), modes.CTR(counter)).decryptor()
        sha256 = hashlib.sha256(opened.update(memoryview(kept)[start:-_TAG])).hexdigest()
        try:
            self.open(kept, sha256)
        except NotSealedError:
            return False
        return self.name_of(sha256) == name
