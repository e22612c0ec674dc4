"""`model.toml`: what a model folder says about itself. No torch here, so that lists are made before torch loads."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.files import write_text

FORMAT = 1
WEIGHTS = "weights.safetensors"
MODEL = "model.toml"
CARD = "CARD.md"
_TABLES = ("normalisation", "calibration", "heatmap", "training", "figures")
FETCH_AGAIN = "fetch the model again or choose another one"


@dataclass(frozen=True)
class ModelFile:
    """The content of `model.toml`. Tables that only torch code reads stay plain mappings.

    `normalisation`: per source `mean` and `std`. `calibration`: per combination `temperature`, `offsets`,
    `thresholds`, `cases`. `heatmap`: `method`. `training`: how it was made. `figures`: how good it was.
    """

    name: str
    version: str
    sha256: str
    network: NetSpec
    trained_on: str = "phantoms"
    investigational: bool = True
    can_grade: bool = True
    normalisation: Mapping[str, Any] = field(default_factory=dict)
    calibration: Mapping[str, Any] = field(default_factory=dict)
    heatmap: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def info(self) -> ModelInfo:
        """As the rest of the program knows it."""
        return ModelInfo(
            name=self.name,
            version=self.version,
            sha256=self.sha256,
            sources=self.network.sources,
            variant=self.network.variant,
            splice=self.network.splice,
            input_size=self.network.size,
            investigational=self.investigational,
            trained_on=self.trained_on,
            can_grade=self.can_grade,
            origin=str(self.training.get("origin", "")),
        )


def write_model_file(folder: Path, content: ModelFile) -> None:
    """Write `model.toml` into the model folder, whole or not at all."""
    head = {
        "name": content.name,
        "version": content.version,
        "sha256": content.sha256,
        "trained_on": content.trained_on,
        "investigational": content.investigational,
        "can_grade": content.can_grade,
    }
    table = {
        "format": FORMAT,
        "model": head,
        "network": content.network.to_table(),
        "normalisation": _plain(content.normalisation),
        "calibration": _plain(content.calibration),
        "heatmap": _plain(content.heatmap),
        "training": _plain(content.training),
        "figures": _plain(content.figures),
    }
    write_text(folder / MODEL, tomli_w.dumps(table))


def read_model_file(folder: Path) -> ModelFile:
    """Read `model.toml` of a model folder; raises `ModelError` that says what is wrong and what to do."""
    path = Path(folder) / MODEL
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"no model in {folder}: {MODEL} is missing", remedy=FETCH_AGAIN) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"{path} cannot be read ({error})", remedy=FETCH_AGAIN) from error
    if table.get("format") != FORMAT:
        raise ModelError(f"{path} has format {table.get('format')}, not {FORMAT}", remedy="update the program")
    try:
        head = table["model"]
        return ModelFile(
            name=str(head["name"]),
            version=str(head["version"]),
            sha256=str(head["sha256"]),
            network=NetSpec.from_table(table["network"]),
            trained_on=str(head.get("trained_on", "phantoms")),
            investigational=True,  # no file can make a device of it
            can_grade=bool(head.get("can_grade", True)),
            **{key: {**table.get(key, {})} for key in _TABLES},
        )
    except ModelError as error:  # of the network, which does not know where it was read
        raise ModelError(f"{path}: {error.what}", safe=error.safe, remedy=FETCH_AGAIN) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is damaged: {error} is missing", remedy=FETCH_AGAIN) from error


def _plain(value: Any) -> Any:
    """Only what TOML can hold: tuples become lists, None is left out."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
