"""Which patients a model has learned from, kept in its `model.toml` so that a figure on the same women is found out.

Only the first four bytes of each identifier's SHA-256 are kept: enough to recognise an identifier that one already has,
and too little to read one back. Standard library only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

KEY = "patients_sha256"  # in the training table
LOCKED = "locked_sha256"  # the same of those whom no model learns from: they judge it
LOCKED_WOMEN = "locked_women"  # how many of them the library has that this model was learned in
_BYTES = 4


def marks_of(patients: Iterable[str], parent: Mapping[str, Any] | None = None, *, key: str = KEY) -> str:
    """Marks of all these patients, and of those of the parent model's training table, as text."""
    marks = {_mark(patient) for patient in patients} | _marks(parent or {}, key)
    return base64.b64encode(b"".join(sorted(marks))).decode("ascii")


def seen_patients(patients: Iterable[str], training: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of `patients` that a model with this training table has learned from; empty when it keeps no marks."""
    marks = _marks(training)
    return tuple(sorted(patient for patient in set(patients) if _mark(patient) in marks))


def locked_patients(patients: Iterable[str], training: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of `patients` that were locked away as the test of a model with this training table, or of its parents."""
    marks = _marks(training, LOCKED)
    return tuple(sorted(patient for patient in set(patients) if _mark(patient) in marks))


def _marks(training: Mapping[str, Any], key: str = KEY) -> set[bytes]:
    try:
        packed = base64.b64decode(str(training.get(key, "")), validate=True)
    except (binascii.Error, ValueError):
        return set()
    return {packed[at : at + _BYTES] for at in range(0, len(packed), _BYTES)}


def _mark(patient: str) -> bytes:
    return hashlib.sha256(patient.encode("utf-8")).digest()[:_BYTES]
