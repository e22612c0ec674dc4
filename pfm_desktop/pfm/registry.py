"""Finding models and checking that they are what they say. No torch here."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.pfm.model_file import FETCH_AGAIN, MODEL, WEIGHTS, read_model_file
from pfm_desktop.support.errors import ModelError, UserError
from pfm_desktop.support.files import sha256_of

log = logging.getLogger(__name__)
PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".joblib")


@dataclass(frozen=True)
class ModelEntry:
    """A model folder that can be read. The hash is not checked yet; see `verify`."""

    path: Path
    info: ModelInfo


@dataclass(frozen=True)
class BrokenModel:
    """A folder that looks like a model but cannot be read, and why."""

    path: Path
    problem: str


def list_models(dirs: Iterable[Path]) -> tuple[ModelEntry, ...]:
    """Readable models by name; of two with one name and version the one in the earlier folder. Others are logged."""
    found: dict[tuple[str, str], ModelEntry] = {}
    for folder in _folders(dirs):
        try:
            entry = ModelEntry(folder, read_info(folder))
        except UserError as error:
            log.warning("model left out: %s", error)
            continue
        found.setdefault((entry.info.name, entry.info.version), entry)
    return tuple(sorted(found.values(), key=lambda entry: (entry.info.name, entry.info.version)))


def broken_models(dirs: Iterable[Path]) -> tuple[BrokenModel, ...]:
    """What `list_models` leaves out, for showing."""
    broken: list[BrokenModel] = []
    for parent in dirs:
        folders, closed = _looked_into(Path(parent))
        broken += closed
        for folder in folders:
            try:
                read_info(folder)
            except UserError as error:
                broken.append(BrokenModel(folder, str(error)))
    return tuple(broken)


def find_model(name_or_path: str, dirs: Iterable[Path]) -> Path:
    """Folder of a model given by folder, folder name or name in `model.toml`; raises `ModelError` if there is none."""
    dirs = tuple(dirs)
    given = Path(name_or_path)
    if given.suffix.lower() in PICKLES:
        raise ModelError(
            f"{given.name} is a pickle, which can run programs when it is opened, and is never loaded",
            remedy="bring the weights as .safetensors, or import FasterNet weights with `pfm models import`",
        )
    if given.is_dir() and ((given / MODEL).exists() or (given / WEIGHTS).exists()):
        return given
    for folder in _folders(dirs):
        if folder.name == name_or_path:
            return folder
    named = [entry for entry in list_models(dirs) if entry.info.name == name_or_path]
    if named:
        return named[-1].path
    known = ", ".join(entry.info.name for entry in list_models(dirs)) or "none"
    raise ModelError(f"there is no model {name_or_path!r}", remedy=f"known models: {known}")


def read_info(path: Path) -> ModelInfo:
    """What the model folder says about itself; raises `ModelError`."""
    return read_model_file(path).info


def verify(path: Path) -> ModelInfo:
    """Check the weights against the hash in `model.toml`; raises `ModelError` when missing or altered."""
    info = read_info(path)
    weights = Path(path) / WEIGHTS
    try:
        found = sha256_of(weights)
    except FileNotFoundError as error:
        raise ModelError(f"the weights of {info.name} are missing ({weights})", remedy=FETCH_AGAIN) from error
    except OSError as error:
        raise ModelError(f"the weights of {info.name} cannot be read ({error})", remedy=FETCH_AGAIN) from error
    if found != info.sha256:
        raise ModelError(
            f"the weights {weights} are not those of {info.name} (hash {found[:12]}, {MODEL} says {info.sha256[:12]})",
            safe="nothing was loaded from them",
            remedy=FETCH_AGAIN,
        )
    return info


def refuse_start_only(info: ModelInfo) -> None:
    """Raise `ModelError` for a model that holds trunks only: its heads are random and would grade by chance."""
    if not info.can_grade:
        raise ModelError(
            f"{info.name} holds imported trunks only and was never trained to grade",
            remedy=f"train a model from it with `pfm train MANIFEST --out DIR --start {info.name}`",
        )


def _folders(dirs: Iterable[Path]) -> list[Path]:
    """Model folders of every folder that can be looked into: one that cannot must not take away the others."""
    return [folder for parent in dirs for folder in _looked_into(Path(parent))[0]]


def _looked_into(parent: Path) -> tuple[list[Path], tuple[BrokenModel, ...]]:
    """The model folders in `parent`, and what may not be looked into."""
    found: list[Path] = []
    closed: list[BrokenModel] = []
    try:
        children = sorted(parent.iterdir()) if parent.is_dir() else []
    except OSError as error:
        return [], (_closed(parent, error),)
    for child in children:
        try:
            if (child / MODEL).is_file():
                found.append(child)
        except OSError as error:
            closed.append(_closed(child, error))
    return found, tuple(closed)


def _closed(folder: Path, error: OSError) -> BrokenModel:
    log.warning("models left out: %s: %s", folder, error)
    return BrokenModel(folder, f"{folder} cannot be looked into ({error.strerror or error}). Check its permissions.")
