"""A model as one signed file, without anything of any patient: how it goes to another clinic and comes from one.

The file is a ZIP of `weights.safetensors`, `model.toml`, `CARD.md` and `signature.json`: the SHA-256 of each and the
Ed25519 signature over them by the key of the library. Marks of women, the command that made it and all else that could
tell of a case are taken out before; what is left is checked, when it goes out and when it comes in.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shutil
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pfm_desktop.domain.people import Act
from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.model_file import CARD, MODEL, WEIGHTS, read_model_file, write_model_file
from pfm_desktop.pfm.training.seen import KEY, LOCKED
from pfm_desktop.services import models
from pfm_desktop.services.audit_key import fingerprint_of, public_bytes, signing_key
from pfm_desktop.services.learning.tested_card import run_of, with_tested
from pfm_desktop.services.model_import import Brought, import_folder
from pfm_desktop.storage import access
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.files import named, replacing

ENDING = ".pfm-model"
SIGNATURE = "signature.json"
FORMAT, VERSION = "pfm_desktop model", 1
LARGEST = {WEIGHTS: 512 * 2**20, MODEL: 2**20, CARD: 2**18, SIGNATURE: 2**14}  # bytes, unpacked
_TAKEN_OUT = (KEY, LOCKED, "command")  # of the training table
LONGEST_LIST = 1024  # numbers in one list: what describes a network or its features is shorter than a set of cases
_LONGEST_TEXT = 400
_PATH = re.compile(r"[A-Za-z]:\\|(?<![\w/.:])/(?:[\w.-]+/)+|\\\\\w|\.(?:png|jpe?g|tiff?|dcm|bmp|webp|heic)\b", re.I)
_BASE64 = re.compile(r"[A-Za-z0-9+/=]{65,}")
_METADATA = frozenset({"format"})  # of the weights' own head


class PatientDataError(BadInputError):
    """Something in a model could tell of a patient."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"this model is not passed on: {what}",
            safe="nothing was written",
            remedy="learn it again, or ask who made it",
        )


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
        raise BadInputError(f"{out} lies in the folder of the library", safe="nothing was written",
                            remedy="choose another folder")  # fmt: skip
    ctx.progress(0, 3, "Checking the model")
    folder = models.folder_of(model)
    info = models.verify(str(folder))
    contents = _contents(folder, lib)
    check(contents, words=_names(lib))
    ctx.progress(1, 3, "Signing")
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
    ctx.progress(2, 3, "Writing")
    with replacing(out) as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            for name, data in (*contents.items(), (SIGNATURE, _bytes(signed))):
                archive.writestr(zipfile.ZipInfo(name), data)  # a fixed date
        details = {"model": info.name, "sha256": info.sha256, "fingerprint": fingerprint}
        lib.record_event("export", lib.id, f"Model passed on, signed: {info.name} {info.version}", details)
    ctx.progress(3, 3, "Done")
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
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _not_ours(file, "its signature cannot be read") from error
    if not right:
        raise _not_ours(file, "it is of another version of the program")
    if hashes != {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}:
        raise _not_ours(file, "its content is not what was signed")
    _check_signature(file, public, signature, _bytes(said))
    check(contents)
    return Opened(
        str(said["model"]), str(said["model_version"]), fingerprint_of(public), str(said["made_at"]), contents
    )


def receive(ctx: Context, file: Path, work: Path, *, fingerprint: str, name: str | None = None) -> Brought:
    """Bring a model file among the models of this user, as `name`; it answers nothing until it is chosen.

    `fingerprint`: as its sender gave it on another way. `work`: an empty folder beside it for a moment. Raises
    `BadInputError`, also where another key signed it.
    """
    from pfm_desktop.services.audit_key import typed_fingerprint

    opened = open_file(file)
    if typed_fingerprint(fingerprint) != opened.fingerprint:
        raise _not_ours(file, f"another key signed it ({opened.fingerprint})")
    try:
        with named(work, safe="nothing was brought in"):
            work.mkdir(parents=True, exist_ok=False)
            for part, data in opened.contents.items():
                (work / part).write_bytes(data)
        return import_folder(ctx, work, name=name)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def check(contents: Mapping[str, bytes], *, words: frozenset[str] = frozenset()) -> None:
    """Raise `PatientDataError` for an unknown file, a picture, a path, a long list, marks of women, one of `words`."""
    unknown = sorted(set(contents) - {WEIGHTS, MODEL, CARD})
    if unknown:
        raise PatientDataError(f"there is an unknown file in it, {unknown[0]}")
    try:
        _check_text(CARD, contents.get(CARD, b"").decode("utf-8"), words)
        table = _without_sums(tomllib.loads(contents[MODEL].decode("utf-8")))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise PatientDataError("its description is no text that can be read") from error
    _check_table(MODEL, table, words)
    _check_weights(contents[WEIGHTS])


def _check_text(where: str, text: str, words: frozenset[str]) -> None:
    if found := _PATH.search(text):
        raise PatientDataError(f"{where} names a file or folder ({found.group(0)[:40]})")
    if re.search(r"!\[|data:image|<img", text, re.I):
        raise PatientDataError(f"there is a picture in {where}")
    spoken = set(re.findall(r"[\w./-]+", text.casefold()))
    if words & spoken:
        raise PatientDataError(f"{where} names a woman of this library")


def _check_table(where: str, value: Any, words: frozenset[str]) -> None:
    """No marks, no text that could be packed data, no list as long as a set of cases."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in (KEY, LOCKED) and inner:
                raise PatientDataError(f"{where} holds marks of women")
            _check_table(f"{where}, {key}", inner, words)
    elif isinstance(value, list):
        if len(value) > LONGEST_LIST:
            raise PatientDataError(f"{where} is a list of {len(value)}, as one value for each case would be")
        for inner in value:
            _check_table(where, inner, words)
    elif isinstance(value, str) and (len(value) > _LONGEST_TEXT or _BASE64.search(value)):
        raise PatientDataError(f"{where} is a text that nobody can read")
    elif isinstance(value, str):
        _check_text(where, value, words)


def _without_sums(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table without mean and whitening of the features, which are sums over all cases: F and F x F floats."""
    from pfm_desktop.pfm.nets.pconv import WIDTH

    features = 2 * WIDTH[table["network"]["variant"]]
    known = {"mean": 4 * features, "whitening": 4 * features * features}
    kept: dict[str, Any] = {}
    for source, part in table.get("familiarity", {}).items():
        kept[source] = {
            key: value
            for key, value in part.items()
            if key not in known or len(base64.b64decode(value, validate=True)) != known[key]
        }
    return {**table, "familiarity": kept}


def _check_weights(data: bytes) -> None:
    """The head of the file names nothing but tensors, and every byte behind it belongs to one."""
    try:
        length = int.from_bytes(data[:8], "little")
        head = json.loads(data[8 : 8 + length])
        metadata = head.pop("__metadata__", {})
        ends = sorted((one["data_offsets"][0], one["data_offsets"][1]) for one in head.values())
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, UnicodeDecodeError) as error:
        raise PatientDataError(f"the head of {WEIGHTS} cannot be read") from error
    if set(metadata) - _METADATA:
        raise PatientDataError(f"{WEIGHTS} carries more than weights ({sorted(metadata)[0][:40]})")
    at = 0
    for begins, stops in ends:
        if begins != at:
            raise PatientDataError(f"there is something between the weights in {WEIGHTS}")
        at = stops
    if len(data) != 8 + length + at:
        raise PatientDataError(f"there is something behind the weights in {WEIGHTS}")


def _contents(folder: Path, lib: Library) -> dict[str, bytes]:
    """Weights as they are; `model.toml` without what could tell of a case, sealed anew; the card without command."""
    content = read_model_file(folder)
    training = {key: value for key, value in content.training.items() if key not in _TAKEN_OUT}
    work = lib.path / "learning" / ".sending"
    try:
        with named(work, safe="nothing was written"):
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


def _names(lib: Library) -> frozenset[str]:
    """What women of the library are called, as single words of three letters or more."""
    from pfm_desktop.services.cases import find_patients

    return frozenset(
        word
        for woman in find_patients(lib, limit=1_000_000)
        for word in (woman.identifier.casefold(), woman.family_name.casefold())
        if (len(word) > 2 and not word.isalpha()) or len(word) > 4
    )


def _unpacked(file: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(_small(file))) as archive:
            return dict(_entries(file, archive))
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        raise _not_ours(file, "it is damaged, or no model file") from error


def _entries(file: Path, archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    entries = archive.infolist()
    if sorted(entry.filename for entry in entries) != sorted(LARGEST):
        raise _not_ours(file, "it does not hold exactly a model, its card and a signature")
    for entry in entries:
        if entry.file_size > LARGEST[entry.filename] or entry.compress_type != zipfile.ZIP_STORED:
            raise _not_ours(file, f"{entry.filename} in it is too large")
        yield entry.filename, archive.read(entry)


def _small(file: Path) -> bytes:
    if file.stat().st_size > sum(LARGEST.values()) + 2**16:
        raise _not_ours(file, "it is too large")
    return file.read_bytes()


def _check_signature(file: Path, public: bytes, signature: bytes, data: bytes) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError) as error:
        raise _not_ours(file, "its signature does not fit") from error


def _bytes(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def _not_ours(file: Path, why: str) -> BadInputError:
    return BadInputError(
        f"{file} is not brought in: {why}", safe="nothing was written", remedy="ask its sender for it again"
    )
