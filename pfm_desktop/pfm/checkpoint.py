"""Model folders: weights as safetensors beside `model.toml`. No pickle is ever opened here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.pfm import colours
from pfm_desktop.pfm.calibrate import Calibration
from pfm_desktop.pfm.model_content import calibration_of, normalisation_of
from pfm_desktop.pfm.model_file import DECIDES, FETCH_AGAIN, WEIGHTS, ModelFile, read_model_file, write_model_file
from pfm_desktop.pfm.model_tables import DEVICES, LAYER_CAM
from pfm_desktop.pfm.nets.model import PfmNet
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.registry import verified
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.files import sha256_of, write_bytes
from pfm_desktop.support.language import tr


@dataclass(frozen=True)
class LoadedModel:
    """A verified model, ready for use: the network is in evaluation mode."""

    net: PfmNet
    info: ModelInfo
    calibration: Calibration
    normalisation: Normalisation
    heatmap: Mapping[str, Any]


def save_model(
    out: Path,
    net: PfmNet,
    *,
    name: str,
    version: str,
    calibration: Calibration,
    normalisation: Normalisation,
    trained_on: str = "phantoms",
    can_grade: bool = True,
    familiarity: Mapping[str, Any] | None = None,
    heatmap: Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
    figures: Mapping[str, Any] | None = None,
) -> ModelInfo:
    """Write `weights.safetensors`, then `model.toml` with its hash; each whole or not at all.

    `model.toml` comes last, so a folder without it is no model. The folder may exist but must not hold a model. The
    head of the weights holds a hash of what else decides the answers (name, calibration, ...): models of the same
    weights whose answers differ have another hash, by which answers are kept.
    """
    refuse_existing(out)
    weights = {key: value.detach().cpu().contiguous() for key, value in net.state_dict().items()}
    content = ModelFile(
        name=name,
        version=version,
        sha256="",
        network=net.spec,
        trained_on=trained_on,
        can_grade=can_grade,
        normalisation=_normalisation_table(normalisation),
        calibration={key: asdict(scale) for key, scale in calibration.scales.items()},
        familiarity=familiarity or {},
        heatmap=heatmap or {"method": LAYER_CAM},
        training=training or {},
        figures=figures or {},
    )
    write_bytes(out / WEIGHTS, save(weights, metadata={DECIDES: _decides(content)}))
    content = replace(content, sha256=sha256_of(out / WEIGHTS))
    write_model_file(out, content)
    return content.info


def _decides(content: ModelFile) -> str:
    """Hash of all but the weights that decides what a model answers."""
    said = [
        getattr(content, name)
        for name in ("name", "version", "can_grade", "normalisation", "calibration", "familiarity", "heatmap")
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def load_model(path: Path) -> LoadedModel:
    """Load a model after checking its hash; raises `ModelError`."""
    content = verified(path)
    net = network_of(path, content)
    return LoadedModel(net, content.info, calibration_of(content), normalisation_of(content), dict(content.heatmap))


def network_of(path: Path, content: ModelFile) -> PfmNet:
    """The network in the folder, ready to be asked; raises `ModelError` for weights that are none, or another's."""
    net = PfmNet(content.network)
    tensors = read_tensors(Path(path) / WEIGHTS)
    load_weights(net, tensors)
    _refuse_no_numbers(content.name, tensors)
    return net.eval()


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Tensors of a safetensors file by name; raises `ModelError`."""
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        if _pickled(path):
            said = tr("{path} is a pickle, which could hold a program: it was not opened", path=path)
        else:
            said = tr("{path} is not a readable safetensors file ({error})", path=path, error=error)
        raise ModelError(said, remedy=FETCH_AGAIN) from error


def _pickled(path: Path) -> bool:
    """Whether it begins as a pickle does, or as the archive that `torch.save` writes."""
    try:
        with Path(path).open("rb") as stream:
            begins = stream.read(4)
    except OSError:
        return False
    return begins == b"PK\x03\x04" or begins[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def load_weights(net: PfmNet, tensors: Mapping[str, Tensor]) -> None:
    """Fill the network; raises `ModelError` when names or shapes differ."""
    own = net.state_dict()
    wrong = sorted(set(own) ^ set(tensors)) + [
        key for key, value in tensors.items() if key in own and own[key].shape != value.shape
    ]
    if wrong:
        raise ModelError(
            tr("the weights do not fit the network: {weight} and {more} more", weight=wrong[0], more=len(wrong) - 1),
            remedy=FETCH_AGAIN,
        )
    net.load_state_dict(dict(tensors))


def _refuse_no_numbers(name: str, tensors: Mapping[str, Tensor]) -> None:
    """One weight that is no number makes every answer one. The sum finds it, in a tenth of the time."""
    for key, values in tensors.items():
        if not bool(torch.isfinite(values.sum())) and not bool(torch.isfinite(values).all()):
            raise ModelError(
                tr("the weights of {name} hold values that are no numbers ({key})", name=name, key=key),
                safe=tr("nothing is asked of it"),
                remedy=FETCH_AGAIN,
            )


def rewrite_model_file(path: Path, **changes: Any) -> None:
    """Change fields of `model.toml` that the weights do not depend on (figures, heatmap)."""
    write_model_file(path, replace(read_model_file(path), **changes))


def refuse_existing(out: Path) -> None:
    """A model is never overwritten: raises `ModelError` when `out` holds one."""
    if (Path(out) / "model.toml").exists():
        raise ModelError(
            tr("there is already a model in {out}", out=out),
            safe=tr("it is unchanged"),
            remedy=tr("choose another folder or a new version"),
        )


def _normalisation_table(value: Normalisation) -> dict[str, Any]:
    table: dict[str, Any] = {source: {"mean": value.mean[source], "std": value.std[source]} for source in value.mean}
    for source, devices in value.devices.items():
        table[source][DEVICES] = colours.to_table(devices)
    return table
