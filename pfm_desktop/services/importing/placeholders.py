"""Identifiers that stand for no woman: what programs and people write where a number has to stand. Pure functions."""

from __future__ import annotations

import re
import unicodedata


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORDS = _words(
    "unbekannt unnamed none null nil na nan nv tba tbd example patient patientid noname noid nn default empty xyz "
    "temp tmp removed deidentified blank inconnu desconocido desconocida 匿名 未知 无"
)
_COUNTED = _words("unknown test tests testing dummy demo sample noname 测试")  # also with figures behind them
_ANONYMOUS = re.compile(r"^an[oó]n[a-z]*\d*$")  # ANON, Anonymous, anonymized, Anonimo, ANON1


def is_placeholder(identifier: str) -> bool:
    """Whether an identifier, or a name, is one that many women may bear: ANON*, UNKNOWN, TEST 1, 0000, XXX."""
    plain = unicodedata.normalize("NFKC", identifier).casefold()
    signs = re.sub(r"[\W_]+", "", plain)
    if len(set(signs)) < 2:  # only noughts, one sign, or none at all
        return bool(plain.strip())
    return signs in _WORDS or re.sub(r"\d+$", "", signs) in _COUNTED or bool(_ANONYMOUS.match(signs))
