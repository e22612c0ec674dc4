"""A model as one signed file, without anything of any patient: how it goes to another clinic and comes from one.

The file is a ZIP of `weights.safetensors`, `model.toml`, `CARD.md` and `signature.json`: the SHA-256 of each and the
Ed25519 signature over them by the key of the library. Marks of women, the command that made it and all else that could
tell of a case are taken out before; what is left is checked, when it goes out and when it comes in.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pfm_desktop.domain.people import Act
from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.model_file import CARD, MODEL, WEIGHTS, ModelFile, read_model_file, regular_size, write_model_file
from pfm_desktop.pfm.model_tables import LONGEST
from pfm_desktop.pfm.training.seen import KEY, LOCKED
from pfm_desktop.services import models
from pfm_desktop.services.audit_key import fingerprint_of, public_bytes, signing_key
from pfm_desktop.services.learning.own_words import own_texts
from pfm_desktop.services.learning.patient_data import check
from pfm_desktop.services.learning.patient_words import words_of
from pfm_desktop.services.learning.tested_card import figures_text, run_of, with_tested
from pfm_desktop.services.model_import import Brought, import_folder
from pfm_desktop.storage import access
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.files import named, replacing, write_text
from pfm_desktop.support.language import tr

ENDING = ".pfm-model"
SIGNATURE = "signature.json"
HERE, ELSEWHERE = "this clinic", "another clinic"
FORMAT, VERSION = "pfm_desktop model", 1
LARGEST = {WEIGHTS: 512 * 2**20, MODEL: 2**20, CARD: 2**18, SIGNATURE: 2**14}  # bytes, unpacked
_TAKEN_OUT = (KEY, LOCKED, "command")  # of the training table


@dataclass(frozen=True)
class Sent:
    """A file that was written, and whose key signed it."""

    path: Path
    info: ModelInfo
    fingerprint: str


@dataclass(frozen=True)
class Opened:
    """What a file holds, its signature checked: compare `fingerprint` with what its sender says on another way."""

    name: str
    version: str
    fingerprint: str
    made_at: str
    contents: Mapping[str, bytes]


def send(ctx: Context, lib: Library, model: str, out: Path) -> Sent:
    """Write a model (by name or folder) as one signed file. Goes on record before the file has its name.

    Raises `PatientDataError` for what must not leave, `ModelError` for a model that was altered, `NotAllowedError`.
    """
    access.require(lib.account, Act.EXPORT)
    if lib.path.resolve() in Path(out).resolve().parents:
        raise BadInputError(
            tr("{file} lies in the folder of the library", file=out),
            safe=tr("nothing was written"),
            remedy=tr("choose another folder"),
        )
    ctx.progress(0, 3, tr("Checking the model"))
    folder = models.folder_of(model)
    info = models.verify(str(folder))
    contents = _contents(folder, lib)
    content = read_model_file(folder)
    check(contents, words=words_of(lib), own=own_texts(content, *_tested_text(lib, content)))
    ctx.progress(1, 3, tr("Signing"))
    key = signing_key(lib)
    fingerprint = fingerprint_of(public_bytes(key))
    said = {
        "format": FORMAT,
        "version": VERSION,
        "model": info.name,
        "model_version": info.version,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()},
        "public_key": public_bytes(key).hex(),
    }
    signed = {**said, "signature": key.sign(_bytes(said)).hex()}
    ctx.progress(2, 3, tr("Writing"))
    with replacing(out) as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            for name, data in (*contents.items(), (SIGNATURE, _bytes(signed))):
                archive.writestr(zipfile.ZipInfo(name), data)  # a fixed date
        details = {"model": info.name, "sha256": info.sha256, "fingerprint": fingerprint}
        lib.record_event("export", lib.id, f"Model passed on, signed: {info.name} {info.version}", details)
    ctx.progress(3, 3, tr("Done"))
    return Sent(Path(out), info, fingerprint)


def open_file(file: Path) -> Opened:
    """Check a file as it came: whole, signed, nothing unknown in it, nothing of a patient. Nothing is written.

    Raises `BadInputError` that says what is wrong.
    """
    contents = _unpacked(file)
    try:
        said = json.loads(contents.pop(SIGNATURE))
        signature = bytes.fromhex(said.pop("signature"))
        public = bytes.fromhex(said["public_key"])
        hashes = dict(said["sha256"])
        right = said["format"] == FORMAT and said["version"] == VERSION
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _not_ours(file, tr("its signature cannot be read")) from error
    if not right:
        raise _not_ours(file, tr("it is of another version of the program"))
    if hashes != {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}:
        raise _not_ours(file, tr("its content is not what was signed"))
    _check_signature(file, public, signature, _bytes(said))
    check(contents)
    return Opened(
        str(said["model"]), str(said["model_version"]), fingerprint_of(public), str(said["made_at"]), contents
    )


def weights_of(opened: Opened) -> str:
    """SHA-256 of the weights in a file, as `ModelInfo.sha256` has it."""
    return hashlib.sha256(opened.contents[WEIGHTS]).hexdigest()


def receive(ctx: Context, file: Path, work: Path, *, fingerprint: str, name: str | None = None) -> Brought:
    """Bring a model file among the models of this user, as `name`; it answers nothing until it is chosen.

    `fingerprint`: as its sender gave it on another way. `work`: an empty folder beside it for a moment. Raises
    `BadInputError`, also where another key signed it.
    """
    from pfm_desktop.services.audit_key import typed_fingerprint

    opened = open_file(file)
    if typed_fingerprint(fingerprint) != opened.fingerprint:
        raise BadInputError(  # which one is not said: it would be copied, and compared with nothing
            tr("{file} is not brought in: {why}", file=file, why=tr("this is not the fingerprint of its key")),
            safe=tr("nothing was written"),
            remedy=tr("type what its sender told you; where that is what you typed, the file is not its sender's"),
        )
    try:
        with named(work, safe=tr("nothing was brought in")):
            work.mkdir(parents=True, exist_ok=False)
            for part, data in opened.contents.items():
                (work / part).write_bytes(data)
        _from_elsewhere(work)
        return import_folder(ctx, work, name=name)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _from_elsewhere(folder: Path) -> None:
    """What its sender calls "this clinic" is another one here, beside every answer and in the card."""
    content = read_model_file(folder)
    if HERE in content.trained_on:
        said = content.trained_on.replace(HERE, ELSEWHERE)
        write_model_file(folder, replace(content, trained_on=said if len(said) <= LONGEST else f"cases of {ELSEWHERE}"))
        card = folder / CARD
        write_text(card, card.read_text(encoding="utf-8").replace(HERE, ELSEWHERE))


def _contents(folder: Path, lib: Library) -> dict[str, bytes]:
    """Weights as they are; `model.toml` without what could tell of a case, sealed anew; the card without command."""
    content = read_model_file(folder)
    training = {key: value for key, value in content.training.items() if key not in _TAKEN_OUT}
    work = lib.path / "learning" / ".sending"
    try:
        with named(work, safe=tr("nothing was written")):
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(parents=True)
        write_model_file(work, replace(content, training=training))
        table = (work / MODEL).read_bytes()
    finally:
        shutil.rmtree(work, ignore_errors=True)
    card = models.card_of(str(folder)).partition("\n## How to make it again")[0]
    if (run := run_of(lib, content)) is not None:
        card = with_tested(card, run)
    return {WEIGHTS: (folder / WEIGHTS).read_bytes(), MODEL: table, CARD: card.encode("utf-8")}


def _tested_text(lib: Library, content: ModelFile) -> tuple[str, ...]:
    run = run_of(lib, content)
    return (figures_text(run.figures),) if run is not None and run.figures.get("new") else ()


def _unpacked(file: Path) -> dict[str, bytes]:
    data = _small(file)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = dict(_entries(file, archive))
            nothing_else = _length_of(archive) == len(data)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        raise _not_ours(file, tr("it is damaged, or no model file")) from error
    if not nothing_else:  # a comment, or bytes in front of it: whatever they say, nobody signed it
        raise _not_ours(file, tr("it holds more than was signed"))
    return found


def _length_of(archive: zipfile.ZipFile) -> int:
    """Bytes of an archive as `send` writes it: a header of 30, one of 46 in the list, and 22 at the end."""
    return sum(30 + 46 + 2 * len(entry.filename) + entry.file_size for entry in archive.infolist()) + 22


def _entries(file: Path, archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    entries = archive.infolist()
    if sorted(entry.filename for entry in entries) != sorted(LARGEST):
        raise _not_ours(file, tr("it does not hold exactly a model, its card and a signature"))
    for entry in entries:
        if entry.file_size > LARGEST[entry.filename] or entry.compress_type != zipfile.ZIP_STORED:
            raise _not_ours(file, tr("{part} in it is too large", part=entry.filename))
        yield entry.filename, archive.read(entry)


def _small(file: Path) -> bytes:
    try:
        size = regular_size(file)
    except OSError as error:
        raise _not_ours(file, error.strerror or str(error)) from error
    if size > sum(LARGEST.values()) + 2**16:
        raise _not_ours(file, tr("it is too large"))
    return file.read_bytes()


def _check_signature(file: Path, public: bytes, signature: bytes, data: bytes) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError) as error:
        raise _not_ours(file, tr("its signature does not fit")) from error


def _bytes(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def _not_ours(file: Path, why: str) -> BadInputError:
    return BadInputError(
        tr("{file} is not brought in: {why}", file=file, why=why),
        safe=tr("nothing was written"),
        remedy=tr("ask its sender for it again"),
    )
