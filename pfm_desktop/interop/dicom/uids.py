"""UIDs made from what the library calls things: the same export twice gives the same UIDs.

2.25.<number of a UUID> (PS3.5 B.2). In an export for research the number is keyed by a secret.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Callable

Uids = Callable[..., str]  # uids(kind, *keys) -> UID

SMALLEST_SALT = 16  # bytes
_OURS = uuid.UUID("6f0a3c1e-6d0b-5c55-9c3b-7d1b4c0e2a91")
_BETWEEN = "\x1f"  # no key holds it, so that ("a", "bc") and ("ab", "c") differ


def plain_uid(kind: str, *keys: str) -> str:
    """UID of a thing of ours, such as `plain_uid("study", visit_id)`."""
    return f"2.25.{uuid.uuid5(_OURS, _BETWEEN.join((kind, *keys))).int}"


def picture_keys(picture_id: str, stage: str) -> tuple[str, ...]:
    """Keys of the UID of a picture, before the identifier of its patient: with another stage it is another object, in
    another Series."""
    return "picture", picture_id, stage


def keyed_uids(salt: bytes) -> Uids:
    """UIDs that nobody without `salt` can trace to the plain ones (HMAC-SHA-256); `ValueError` for a short salt."""
    if len(salt) < SMALLEST_SALT:
        raise ValueError(f"a salt of at least {SMALLEST_SALT} bytes is needed")

    def keyed_uid(kind: str, *keys: str) -> str:
        digest = hmac.new(salt, _BETWEEN.join((kind, *keys)).encode(), hashlib.sha256).digest()
        return f"2.25.{uuid.UUID(bytes=digest[:16], version=4).int}"

    return keyed_uid


IMPLEMENTATION_UID = plain_uid("implementation", "pfm-desktop")


def digest_of(*parts: object) -> str:
    """Hash of what an object says, so that other words get another UID. The parts' `repr` must say all of them."""
    return hashlib.sha256(_BETWEEN.join(repr(part) for part in parts).encode()).hexdigest()
