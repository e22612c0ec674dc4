"""Bringing models into the user's folder: public FasterNet weights, or a model folder that was made elsewhere."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.jobs import Context
from pfm_desktop.pfm import registry
from pfm_desktop.pfm.model_file import (
    CARD,
    UNSEALED,
    WEIGHTS,
    check_name,
    read_model_file,
    write_model_file,
)
from pfm_desktop.services import models
from pfm_desktop.services.learning import steering
from pfm_desktop.storage.schema import DATABASE
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.files import replacing, write_text
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import user_models_dir

if TYPE_CHECKING:
    from pfm_desktop.pfm.importing import ImportResult


@dataclass(frozen=True)
class Brought:
    """A model folder that was copied. `unsealed`: it had no digest, so nobody can say that it is as it was made."""

    path: Path
    info: ModelInfo
    unsealed: bool


def import_model(ctx: Context, file: Path, *, variant: str, name: str) -> ImportResult:
    """Import the weights in `file` as the model `name` of this user; a start for training that cannot grade.

    Raises `BadInputError` for a name that cannot be used and `ModelError` for a file that does not fit.
    """
    _check_free(name)
    ctx.progress(0, 2, tr("Loading the numeric library"))
    from pfm_desktop.pfm.importing import import_weights

    ctx.progress(1, 2, tr("Reading {file}", file=file.name))
    return import_weights(file, user_models_dir() / name, variant=variant, name=name)


def _refuse_quarantined(folder: Path) -> None:
    """A model that a library has learned leaves quarantine by its promotion, and by nothing else."""
    learning, library = folder.parents[1:3] if len(folder.parents) > 2 else (folder, folder)
    if learning.name == steering.FOLDER and (library / DATABASE).is_file():
        raise BadInputError(
            tr(
                "{folder} lies in quarantine: it was learned from the library {library}", folder=folder, library=library
            ),
            safe=tr("nothing was copied"),
            remedy=tr(
                "compare and promote it in Fine-tune, in that library; one that is promoted is brought here there"
            ),
        )


def import_folder(ctx: Context, folder: Path, *, name: str | None = None) -> Brought:
    """Copy a model folder, such as `pfm train` writes, among the models of this user; `name`: as which.

    Weights, `model.toml` and card come along, `model.toml` last. Raises `BadInputError` for a name that cannot be used
    and `ModelError` for a model that is damaged or altered.
    """
    _refuse_quarantined(folder.absolute())
    content = read_model_file(folder, digest_needed=False)
    name = content.name if name is None else name
    _check_free(name, content.sha256)
    ctx.progress(0, 3, tr("Checking the weights"))
    registry.check_weights(folder, content)
    from pfm_desktop.pfm.checkpoint import network_of

    network_of(folder, content)  # a hash that fits says nothing of what the file holds
    ctx.progress(1, 3, tr("Copying"))
    out = user_models_dir() / name
    with (folder / WEIGHTS).open("rb") as source, replacing(out / WEIGHTS) as stream:
        shutil.copyfileobj(source, stream)
    training = content.training if content.digest else {**content.training, UNSEALED: f"{date.today():%Y-%m-%d}"}
    content = replace(content, name=name, training=training)
    card = models.card_of(str(folder.absolute()))
    if card:
        title, found, rest = card.partition("\n\n")
        doubt = f"\n\n**Mind: {_unsealed(training[UNSEALED])}.**" if UNSEALED in training else ""
        write_text(out / CARD, f"# {name} {content.version}{doubt}{found}{rest}" if title.startswith("# ") else card)
    ctx.progress(2, 3, tr("Checking the copy"))
    registry.check_weights(out, content)
    write_model_file(out, content)
    ctx.progress(3, 3, tr("Done"))
    return Brought(out, registry.verify(out), unsealed=UNSEALED in training)


def _unsealed(day: str) -> str:
    """As `seal_words`, but in English: a card goes from one computer to another."""
    return f"model.toml is as it was brought here on {day}, without a seal: nobody can say what was altered before"


def taken_names() -> frozenset[str]:
    """Names that a model which comes in cannot have."""
    found = {name for entry in models.models() for name in (entry.info.name, entry.path.name)}
    return frozenset(found | {bad.path.name for bad in models.broken()})


def _check_free(name: str, sha256: str = "") -> None:
    check_name(name)
    if sha256 and any(one.info.name == name and one.info.sha256 == sha256 for one in models.models()):
        raise BadInputError(
            tr("this very model is here already, as {name}", name=name),
            safe=tr("it is unchanged"),
            remedy=tr("choose it in Models"),
        )
    if name in taken_names():
        raise BadInputError(
            tr("there is already a model {name}", name=name),
            safe=tr("it is unchanged"),
            remedy=tr("choose another name (on the command line with --name)"),
        )
