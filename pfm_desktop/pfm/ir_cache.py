"""OpenVINO's form (IR) of a model's verified weights, kept in the user's cache folder.

A folder holds for each piece of the network an `.xml` and a `.bin`, and `whole.json` with the SHA-256 of each, which is
written last. What does not fit it is never loaded but made again. No torch and no OpenVINO here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from pfm_desktop.pfm.model_file import ModelFile
from pfm_desktop.support.files import json_bytes, named, sha256_of, write_bytes
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import cache_dir
from pfm_desktop.support.quiet import Own

log = logging.getLogger(__name__)
FORM = 4  # changes when the pieces of the network do, which no version number tells
WHOLE = "whole.json"
_PART, _ABANDONED = ".part-", 24 * 3600  # seconds
_LARGEST = 1 << 20  # bytes of a `whole.json`


def folder_of(content: ModelFile, form: int = FORM) -> Path:
    """Where the form of these weights lies: another one for other weights, another network, another OpenVINO."""
    key = json.dumps([form, content.sha256, version("openvino"), content.network.to_table()], sort_keys=True)
    return cache_dir() / "openvino" / hashlib.sha256(key.encode()).hexdigest()[:32]


def is_whole(folder: Path, pieces: Sequence[str]) -> bool:
    """Whether every file of these pieces is there and is the one that was written. Reads all of them."""
    try:
        file = folder / WHOLE
        if file.stat().st_size > _LARGEST:
            return False
        promised = json.loads(file.read_text(encoding="utf-8"))["files"]
        wanted = {f"{piece}{ending}" for piece in pieces for ending in (".xml", ".bin")}
        altered = [name for name in sorted(wanted & set(promised)) if sha256_of(folder / name) != promised[name]]
        if altered:
            log.warning("%s of the converted model in %s was altered and will be made again", Own(altered[0]), folder)
        return set(promised) == wanted and not altered
    except FileNotFoundError as error:
        if folder.exists():
            missing = Path(error.filename).name
            log.warning("%s of the converted model in %s is missing and will be made again", missing, folder)
        return False
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        log.warning(
            "the converted model in %s is damaged (%s) and will be made again", folder, Own(type(error).__name__)
        )
        return False


def fill(folder: Path, write: Callable[[Path], None]) -> None:
    """Have `write` put the pieces into an empty folder, and let it take the place of `folder`.

    Raises `StorageError` when the disk is full or may not be written; there is then no whole folder, and nothing else
    has changed.
    """
    with named(folder, safe=tr("models and answers are unchanged")):
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(folder.parent)
        made = Path(tempfile.mkdtemp(prefix=_PART, dir=folder.parent))
        try:
            write(made)
            files = {file.name: sha256_of(file) for file in sorted(made.iterdir())}
            write_bytes(made / WHOLE, json_bytes({"files": files}))
            shutil.rmtree(folder, ignore_errors=True)
            made.replace(folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)


def _remove_abandoned(parent: Path) -> None:
    """Take away what a conversion that was killed left; one that runs now is never that old."""
    for left in parent.glob(f"{_PART}*"):
        with contextlib.suppress(OSError):  # another process was quicker
            if time.time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)


def remove_older(content: ModelFile) -> None:
    """Take away the earlier forms of these weights. What cannot be removed stays.

    Only those of the OpenVINO at hand are found: what another version of it left stays, and so does every older
    `choice-*.json` of `backends`.
    """
    for form in range(1, FORM):
        shutil.rmtree(folder_of(content, form), ignore_errors=True)
