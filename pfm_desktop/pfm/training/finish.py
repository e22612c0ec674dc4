"""Before and after the loop: what the pictures look like on average, calibration, figures, the model folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.pfm.calibrate import Calibration
from pfm_desktop.pfm.checkpoint import load_model, rewrite_model_file, save_model
from pfm_desktop.pfm.model_file import CARD
from pfm_desktop.pfm.model_tables import CLASS_MAP, LAYER_CAM
from pfm_desktop.pfm.nets.model import PfmNet
from pfm_desktop.pfm.preprocess import Normalisation, intensities
from pfm_desktop.pfm.registry import read_info, refuse_other_variant
from pfm_desktop.pfm.training.answers import calibration_notes, collect, fit_calibration, main_combination
from pfm_desktop.pfm.training.config import TrainConfig, TrainResult
from pfm_desktop.pfm.training.data import WHITE, PreparedSet
from pfm_desktop.pfm.training.evaluate import figures_of
from pfm_desktop.pfm.training.familiar import familiarity_notes, familiarity_table
from pfm_desktop.pfm.training.report import write_card
from pfm_desktop.pfm.training.seen import KEY, marks_of
from pfm_desktop.pfm.training.split import PARTS, Split
from pfm_desktop.pfm.training.state import Progress
from pfm_desktop.pfm.training.strength import heatmap_notes, heatmap_table
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.language import tr

OUTLINED = 0.5  # share of the training cases with an outline from which on the class map is the model's heatmap
MEASURED_ON = 512  # cases; more does not change the third digit


def measure_normalisation(data: PreparedSet, indices: NDArray[np.int64], sources: Sequence[str]) -> Normalisation:
    """Mean and standard deviation a channel over seen pixels of some training cases."""
    chosen = indices[np.linspace(0, len(indices) - 1, min(MEASURED_ON, len(indices))).astype(np.int64)]
    total = {name: torch.zeros(3, dtype=torch.float64) for name in sources}
    square = {name: torch.zeros(3, dtype=torch.float64) for name in sources}
    count = dict.fromkeys(sources, 0.0)
    for start in range(0, len(chosen), 32):
        raw = data.batch(chosen[start : start + 32])
        for name in sources:
            planes = intensities(name, raw.squares[name], raw.level)
            seen = raw.seen[name] * raw.present[name][:, None, None]
            total[name] += (planes * seen[:, None]).sum(dim=(0, 2, 3)).double()
            square[name] += (planes**2 * seen[:, None]).sum(dim=(0, 2, 3)).double()
            count[name] += float(seen.sum())
    default = Normalisation.default()
    mean, std = dict(default.mean), dict(default.std)
    for name in sources:
        if name not in mean:  # a source in the second place that is lit by white light
            mean[name], std[name] = default.mean[WHITE], default.std[WHITE]
        if count[name] > 0:
            centre = total[name] / count[name]
            mean[name] = _triple(centre)
            std[name] = _triple((square[name] / count[name] - centre**2).clamp_min(1e-4).sqrt())
    return Normalisation(mean, std)


def start_weights(net: PfmNet, start: Path, measured: Normalisation) -> Normalisation:
    """Take the trunks of the model in `start`, with their attention where both networks have the same.

    Returns the normalisation its trunks expect; of one that never saw fluorescence, only that of white light. Raises
    `ModelError` where the trunks are built otherwise.
    """
    model = load_model(start)
    refuse_other_variant(model.info, net.spec.variant)
    theirs, ours = model.net.spec, net.spec
    if theirs.partial_conv != ours.partial_conv:
        raise ModelError(
            tr(
                "the trunks of {name} do not fit: only one of the two networks is built with PConv",
                name=model.info.name,
            ),
            safe=tr("nothing was trained"),
            remedy=tr("train from nothing, without a start"),
        )
    alike = all(getattr(theirs, name) == getattr(ours, name) for name in ("channel_attention", "spatial_attention"))
    for name in net.names:
        own = net.source_trunk(name)
        given = model.net.source_trunk(name if name in model.net.names else model.net.names[0])
        own.trunk.load_state_dict(given.trunk.state_dict())
        if alike:
            own.enhance.load_state_dict(given.enhance.state_dict())
    told = [name for name in net.names if name in model.net.names and (model.info.can_grade or name == WHITE)]
    mean, std = model.normalisation.mean, model.normalisation.std
    return Normalisation(
        {**measured.mean, **{name: mean[name] for name in told}}, {**measured.std, **{name: std[name] for name in told}}
    )


def finish(
    ctx: Context,
    net: PfmNet,
    data: PreparedSet,
    split: Split,
    out: Path,
    config: TrainConfig,
    normalisation: Normalisation,
    progress: Progress,
    *,
    stopped: bool,
    extra: dict[str, Any] | None = None,
) -> TrainResult:
    """Calibrate on the calibration part, judge on the test part, write the model folder and its card."""
    within = SilentContext() if stopped else ctx  # a stopped run still writes what it has
    answers = collect(within, net, data, split.calibration, normalisation)
    calibration = fit_calibration(answers, seed=config.seed)
    figures = test_figures(within, net, data, split, normalisation, calibration)
    outlined = int(data.outlined[split.train].sum()) if config.outline_weight else 0
    training = {
        "seed": config.seed,
        "epochs": progress.epoch,
        "best_epoch": progress.best_epoch,
        "stopped": stopped,
        "cases": {part: len(getattr(split, part)) for part in PARTS},
        "grades": data.counts(),
        "seconds": round(progress.seconds, 1),
        "pairs_per_second": round(progress.pairs / max(progress.seconds, 1e-6), 1),
        "command": config.command,
        **({"outlined": outlined} if outlined else {}),
        **({"beside": config.beside} if config.beside else {}),
        **(_start(config) if config.start is not None else {"origin": ""}),
        KEY: marks_of(data.patients[index] for part in PARTS[:3] for index in getattr(split, part)),
        **(extra or {}),
    }
    known = familiarity_table(within, net, data, split, normalisation)
    drawn_by = _heatmap_of(outlined, len(split.train))
    heatmap = heatmap_table(within, net, data, split.calibration, normalisation, calibration, drawn_by)
    info = save_model(
        out,
        net,
        name=config.name,
        version=config.version,
        calibration=calibration,
        normalisation=normalisation,
        trained_on=config.trained_on,
        familiarity=known,
        heatmap=heatmap,
        training=training,
        figures=figures,
    )
    write_card(out / CARD, info, training, figures, config)
    return TrainResult(
        out,
        info,
        progress.epoch,
        progress.best_epoch,
        stopped,
        progress.seconds,
        progress.pairs / max(progress.seconds, 1e-6),
        figures,
        (
            *calibration_notes(calibration, main_combination(net.names)),
            *familiarity_notes(known, net),
            *heatmap_notes(heatmap),
        ),
    )


def _heatmap_of(outlined: int, cases: int) -> str:
    """Only votes that were taught where lesions lie point at them; see docs/heatmaps.md."""
    return CLASS_MAP if outlined >= OUTLINED * cases else LAYER_CAM


def _start(config: TrainConfig) -> dict[str, Any]:
    assert config.start is not None
    info = read_info(config.start)
    told = f"{info.name} {info.version} ({info.trained_on})"
    return {"origin": info.passed_on, "start": told, "trunk_rate": config.trunk_rate}


def test_figures(
    ctx: Context,
    net: PfmNet,
    data: PreparedSet,
    split: Split,
    normalisation: Normalisation,
    calibration: Calibration,
) -> dict[str, Any]:
    """Figures on the test part; empty when it is empty."""
    if not len(split.test):
        return {}
    return figures_of(collect(ctx, net, data, split.test, normalisation), calibration)


def rewrite_card(path: Path, config: TrainConfig, training: dict[str, Any], figures: dict[str, Any]) -> None:
    """New figures for a model whose weights stay: `model.toml` and the card."""
    rewrite_model_file(path, figures=figures)
    write_card(path / CARD, load_model(path).info, training, figures, config)


def _triple(values: Tensor) -> tuple[float, float, float]:
    red, green, blue = (round(float(value), 5) for value in values)
    return red, green, blue
