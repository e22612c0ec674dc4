"""Finding models and checking that they are what they say. No torch here."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.pfm.model_file import MODEL, WEIGHTS, ModelFile, again, read_model_file, regular_size
from pfm_desktop.support.errors import ModelError, UserError
from pfm_desktop.support.files import sha256_of
from pfm_desktop.support.language import tr

log = logging.getLogger(__name__)
BYTES = 4  # of one weight
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
    error: UserError | None = None  # where it says the same in parts


def list_models(dirs: Iterable[Path]) -> tuple[ModelEntry, ...]:
    """Readable models by name and version, of one name and version those in earlier folders first. Others are logged.

    A name leads to one of them only; see `hidden_models`.
    """
    entries = _readable(dirs, tell=True)
    return tuple(sorted(entries, key=lambda entry: (entry.info.name, *version_order(entry.info.version))))


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
                broken.append(BrokenModel(folder, str(error), error))
    return tuple(broken)


def hidden_models(dirs: Iterable[Path]) -> tuple[tuple[ModelEntry, Path], ...]:
    """Models that their name does not lead to, and the folder that it leads to instead."""
    dirs = tuple(dirs)
    hidden = []
    for parent in dirs:
        for entry in _readable([parent]):
            found = _called(entry.info.name, dirs)
            if found is not None and found != entry.path:
                hidden.append((entry, found))
    return tuple(hidden)


def find_model(name_or_path: str, dirs: Iterable[Path]) -> Path:
    """Folder of a model; raises `ModelError` if there is none.

    A bare name is that of a model, or of its folder, in the first of `dirs` that has it; never a folder that happens to
    lie where the program was started. A path has a separator in it (`./x`) and comes back absolute.
    """
    dirs = tuple(dirs)
    given = Path(name_or_path)
    if given.suffix.lower() in PICKLES:
        raise ModelError(
            tr("{name} is a pickle, which can run programs when it is opened, and is never loaded", name=given.name),
            remedy=tr("bring the weights as .safetensors, or import FasterNet weights with `pfm models import`"),
        )
    if _is_bare(name_or_path):
        found = _called(name_or_path, dirs)
        if found is not None:
            return found
    elif given.is_dir() and ((given / MODEL).exists() or (given / WEIGHTS).exists()):
        return given.absolute()
    known = ", ".join(dict.fromkeys(entry.info.name for entry in list_models(dirs))) or tr("none", "no models")
    if _is_bare(name_or_path) and given.is_dir():
        remedy = tr("known models: {models}; for a folder here write ./{name}", models=known, name=name_or_path)
    else:
        remedy = tr("known models: {models}", models=known)
    raise ModelError(tr("there is no model {name!r}", name=name_or_path), remedy=remedy)


def read_info(path: Path) -> ModelInfo:
    """What the model folder says about itself; raises `ModelError`."""
    return read_model_file(path).info


def verify(path: Path) -> ModelInfo:
    """Check the weights against the hash in `model.toml`; raises `ModelError` when missing or altered."""
    return verified(path).info


def verified(path: Path) -> ModelFile:
    """What `model.toml` says of weights that are what it promises; raises `ModelError` like `verify`."""
    content = read_model_file(path)
    check_weights(path, content)
    return content


def check_weights(path: Path, content: ModelFile) -> None:
    """Raise `ModelError` unless the weights in the folder are those that `content` promises."""
    info, weights = content.info, Path(path) / WEIGHTS
    most = BYTES * content.network.most_weights
    try:
        size = regular_size(weights)
        if size > most:
            raise ModelError(
                tr(
                    "the weights {weights} are not those of {name} ({size} bytes, its network has {most} at most)",
                    weights=weights,
                    name=info.name,
                    size=size,
                    most=most,
                ),
                safe=tr("nothing was loaded from them"),
                remedy=again(weights),
            )
        found = sha256_of(weights)
    except FileNotFoundError as error:
        raise ModelError(
            tr("the weights of {name} are missing ({weights})", name=info.name, weights=weights), remedy=again(weights)
        ) from error
    except OSError as error:
        raise ModelError(
            tr("the weights of {name} cannot be read ({error})", name=info.name, error=error), remedy=again(weights)
        ) from error
    if found != info.sha256:
        raise ModelError(
            tr(
                "the weights {weights} are not those of {name} (hash {found}, {file} says {told})",
                weights=weights,
                name=info.name,
                found=found[:12],
                file=MODEL,
                told=info.sha256[:12],
            ),
            safe=tr("nothing was loaded from them"),
            remedy=again(weights),
        )


def refuse_start_only(info: ModelInfo) -> None:
    """Raise `ModelError` for a model that holds trunks only: its heads are random and would grade by chance."""
    if not info.can_grade:
        raise ModelError(
            tr("the model {name} holds imported trunks only and was never trained to grade", name=info.name),
            remedy=tr("train a model from it with `pfm train MANIFEST --out DIR --start {name}`", name=info.name),
        )


def refuse_other_variant(info: ModelInfo, variant: str) -> None:
    """Raise `ModelError` for a model whose trunks do not fit a network of `variant`."""
    if info.variant != variant:
        raise ModelError(
            tr(
                "the model {name} has variant {variant}, not {wanted}",
                name=info.name,
                variant=info.variant,
                wanted=variant,
            ),
            remedy=tr("train with --variant {variant}, or start from another model", variant=info.variant),
        )


def _is_bare(name: str) -> bool:
    """Whether it is a name: no separator of this or another system in it, no drive, not `.` or `..`."""
    return bool(name) and not Path(name).is_absolute() and not set(name) & set("/\\:") and name not in {".", ".."}


def _called(name: str, dirs: Iterable[Path]) -> Path | None:
    """In the first of `dirs` that has it: the newest model of that name, else the folder of that name."""
    for parent in dirs:
        named = [entry for entry in _readable([parent]) if entry.info.name == name]
        if named:
            return max(named, key=lambda entry: version_order(entry.info.version)).path  # of equal ones the first
        folders = [folder for folder in _folders([parent]) if folder.name == name]
        if folders:
            return folders[-1]
    return None


def version_order(version: str) -> tuple[list[tuple[int, str]], str]:
    """What versions are sorted by: numbers in them count as numbers, so that 10 comes behind 9; then as text."""
    parts = re.findall(r"[0-9]+|[^0-9.+-]+", version)
    return [(int(part), "") if part.isascii() and part.isdigit() else (-1, part) for part in parts], version


def _readable(dirs: Iterable[Path], *, tell: bool = False) -> Iterator[ModelEntry]:
    """Models that can be read; with `tell` the log says which ones cannot."""
    for folder in _folders(dirs):
        try:
            yield ModelEntry(folder, read_info(folder))
        except UserError as error:
            if tell:
                log.warning("model left out: %s", error)


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
            elif (child / WEIGHTS).is_file():
                closed.append(_without_description(child))
        except OSError as error:
            closed.append(_closed(child, error))
    return found, tuple(closed)


def _without_description(folder: Path) -> BrokenModel:
    error = ModelError(
        tr("{folder} holds weights, but {file}, which says what they are, is missing", folder=folder, file=MODEL),
        remedy=again(folder),
    )
    return BrokenModel(folder, str(error), error)


def _closed(folder: Path, error: OSError) -> BrokenModel:
    log.warning("models left out: %s: %s", folder, error)
    return BrokenModel(
        folder,
        tr(
            "{folder} cannot be looked into ({reason}). Check its permissions.",
            folder=folder,
            reason=error.strerror or error,
        ),
    )
