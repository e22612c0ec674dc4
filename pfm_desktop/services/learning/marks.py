"""How models of this library recognise its women: by marks that nobody reads back without the library.

An identifier is short, and whoever has a model could try them all; so what marks her in a model is keyed by a secret
that lies in the library, encrypted with it. Pseudonyms are drawn at random, and mark her as they are: a model is
recognised by who evaluates it on an export.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from pfm_desktop.storage import learning as stored
from pfm_desktop.storage.library import Library

KEY = "marks_key"  # among the facts of the library


def names_of(lib: Library, women: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """By woman, what marks her in a model. Raises `StorageError` where there is no key yet and none can be kept."""
    if lib.meta(KEY) is None:
        lib.change_meta(KEY, lambda old: old or secrets.token_hex(32))
    key = lib.meta(KEY) or ""
    return {woman: _marked(names, key) for woman, names in _said(lib, women).items()}


def learned_from(lib: Library, women: Iterable[str], folders: Iterable[Path]) -> frozenset[str]:
    """Those of these women of whom one of the models says that it, or one that it came from, has learned from them.

    Also by identifiers as they are, which is how models learned from a list of files mark them.
    """
    from pfm_desktop.pfm.model_file import read_model_file
    from pfm_desktop.pfm.training.seen import seen_patients

    key, said = lib.meta(KEY) or "", _said(lib, women)
    marks = {woman: {*names, *_marked(names, key)} for woman, names in said.items()}
    found: set[str] = set()
    for folder in folders:
        seen = set(seen_patients({one for those in marks.values() for one in those}, read_model_file(folder).training))
        found |= {woman for woman, those in marks.items() if those & seen}
    return frozenset(found)


def _said(lib: Library, women: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    with lib.read() as session:
        return stored.names_of(session, women)


def _marked(names: tuple[str, ...], key: str) -> tuple[str, ...]:
    """The identifier, which comes first, keyed; pseudonyms as they are."""
    identifier = hmac.new(key.encode(), names[0].encode(), hashlib.sha256).hexdigest()
    return (identifier, *names[1:])
