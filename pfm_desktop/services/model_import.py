"""Bringing public FasterNet weights into the user's models."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.jobs import Context
from pfm_desktop.services import models
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.paths import user_models_dir

if TYPE_CHECKING:
    from pfm_desktop.pfm.importing import ImportResult

_NAME = re.compile(r"\w[\w.-]{0,63}")


def import_model(ctx: Context, file: Path, *, variant: str, name: str) -> ImportResult:
    """Import `file` as the model `name` of this user; a start for training that cannot grade.

    Raises `BadInputError` for a name that cannot be used and `ModelError` for a file that does not fit.
    """
    if not _NAME.fullmatch(name):
        raise BadInputError(f"{name!r} cannot be the name of a model", remedy="use letters, digits, - _ and .")
    if any(name in (entry.info.name, entry.path.name) for entry in models.models()):
        raise BadInputError(f"there is already a model {name}", safe="it is unchanged", remedy="choose another name")
    ctx.progress(0, 2, "Loading the numeric library")
    from pfm_desktop.pfm.importing import import_weights

    ctx.progress(1, 2, f"Reading {file.name}")
    return import_weights(file, user_models_dir() / name, variant=variant, name=name)
