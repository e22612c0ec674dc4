"""What `model.toml` and the weights say to whoever asks a model, without torch: numbers that need no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from pfm_desktop.pfm import colours
from pfm_desktop.pfm.calibrate import Calibration, Floats, Scale
from pfm_desktop.pfm.letterbox import Normalisation
from pfm_desktop.pfm.model_file import FETCH_AGAIN, ModelFile
from pfm_desktop.pfm.model_tables import DEVICES
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.language import tr

Singles = NDArray[np.float32]


def read_arrays(weights: Path, wanted: Sequence[str]) -> dict[str, Singles]:
    """Tensors of verified weights by name. `wanted`: names, and with a dot at their end beginnings of names.

    Raises `ModelError` for a file that cannot be read, or that has no tensor of such a whole name; of a beginning there
    may be none.
    """
    whole = [name for name in wanted if not name.endswith(".")]
    begun = tuple(name for name in wanted if name.endswith("."))
    try:
        with safe_open(str(weights), framework="numpy") as file:
            found = file.keys()
            keys = [*whole, *(key for key in found if key.startswith(begun))]
            return {key: file.get_tensor(key) for key in keys}
    except (SafetensorError, OSError) as error:
        raise ModelError(
            tr("{weights} is not a readable safetensors file ({error})", weights=weights, error=error),
            remedy=FETCH_AGAIN,
        ) from error


@dataclass(frozen=True, eq=False)
class SourceVotes:
    """A source's own head (`nets.heads.SourceHead`) in numpy: weight 4 x C, bias 4."""

    weight: Singles
    bias: Singles

    def by_cell(self, features: Singles) -> Singles:
        """Features C x h x w to what each cell says of each grade, 4 x h x w; the head's answer is their mean."""
        said: Singles = np.tensordot(self.weight, features, axes=1) + self.bias[:, None, None]
        return said

    def log_probabilities(self, features: Singles, coverage: Singles) -> Floats:
        """Features C x h x w, coverage h x w in 0..1; log-probabilities 4, up to a constant."""
        pooled = (features * coverage).sum(axis=(1, 2)) / max(float(coverage.sum()), 1e-6)
        return np.asarray(self.weight @ pooled + self.bias, dtype=np.float64)


def source_votes(weights: Path, names: Sequence[str]) -> dict[str, SourceVotes]:
    """The heads of the sources, from verified weights; raises `ModelError`."""
    parts = {name: [f"alone.{name}.linear.{part}" for part in ("weight", "bias")] for name in names}
    tensors = read_arrays(weights, [key for keys in parts.values() for key in keys])
    return {name: SourceVotes(*(tensors[key] for key in keys)) for name, keys in parts.items()}


def normalisation_of(content: ModelFile) -> Normalisation:
    """What the network's pictures are made with."""
    mean, std = ({source: _triple(part[key]) for source, part in content.normalisation.items()} for key in _MOMENTS)
    known = {source: colours.from_table(part.get(DEVICES, ())) for source, part in content.normalisation.items()}
    return Normalisation(mean, std, {source: devices for source, devices in known.items() if devices})


_MOMENTS = ("mean", "std")


def _triple(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue


def calibration_of(content: ModelFile) -> Calibration:
    """What is there is whole and in range: `model_tables` has looked."""
    return Calibration(
        {
            key: Scale(
                float(table["temperature"]),
                tuple(float(value) for value in table["offsets"]),
                tuple(float(value) for value in table["thresholds"]),
                int(table["cases"]),
            )
            for key, table in content.calibration.items()
        }
    )
