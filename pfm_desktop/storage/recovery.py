"""A recovery key as people write it: 160 random bits in groups of four letters and digits, with a check at the end.

Crockford's alphabet leaves out I, L, O and U, so that nothing is taken for something else; what is typed for them is
understood.
"""

from __future__ import annotations

import hashlib
import secrets

from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import with_and

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MEANT = str.maketrans("OIL", "011")
_BYTES, _LETTERS, _CHECK, _GROUP = 20, 32, 4, 4


def new() -> bytes:
    """160 random bits."""
    return secrets.token_bytes(_BYTES)


def written(secret: bytes) -> str:
    """As it is printed: nine groups of four."""
    letters = _letters(secret, _LETTERS) + _check(secret)
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def read(text: str) -> bytes:
    """The reverse of `written`, however it was typed; `BadInputError` says what is wrong with it."""
    letters = "".join(letter for letter in text.upper() if letter.isalnum()).translate(_MEANT)
    wrong = sorted(set(letters) - set(_ALPHABET))
    if wrong or len(letters) != _LETTERS + _CHECK:
        said = tr("a recovery key has {number} letters and digits, which none has", number=len(letters))
        if wrong:
            said = tr("a recovery key has {letters} in it, which none has", letters=with_and(wrong))
        raise BadInputError(
            said,
            safe=tr("nothing was opened"),
            remedy=tr("type all nine groups of four letters and digits as they were printed"),
        )
    number = 0
    for letter in letters[:_LETTERS]:
        number = number * 32 + _ALPHABET.index(letter)
    secret = number.to_bytes(_BYTES, "big")
    if _check(secret) != letters[_LETTERS:]:
        raise BadInputError(
            tr("the recovery key has a letter or digit wrong"),
            safe=tr("nothing was opened"),
            remedy=tr("compare it with the printed one, group by group"),
        )
    return secret


def _check(secret: bytes) -> str:
    return _letters(hashlib.sha256(secret).digest()[:3], 5)[-_CHECK:]


def _letters(data: bytes, count: int) -> str:
    number, letters = int.from_bytes(data, "big"), ""
    for _ in range(count):
        number, place = divmod(number, 32)
        letters = _ALPHABET[place] + letters
    return letters
