"""Comparing the backends once on a computer: the fastest that says what torch says. Loads torch and OpenVINO.

Done in a process of its own, so that the program's own process need not carry torch for a single comparison.
"""

from __future__ import annotations

import logging
import statistics
import time
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from pfm_desktop.domain.prediction import FUSED, Heatmap, Prediction
from pfm_desktop.domain.source import Source, second_of
from pfm_desktop.jobs import Cancelled, Context, SilentContext
from pfm_desktop.pfm.backend import OPENVINO_BF16, OPENVINO_F32, TORCH, Backend
from pfm_desktop.pfm.backends import Choice, chosen, remember, undecided
from pfm_desktop.pfm.calibrate import Floats
from pfm_desktop.pfm.checkpoint import load_model
from pfm_desktop.pfm.feature_cache import FeatureCache
from pfm_desktop.pfm.letterbox import Pixels
from pfm_desktop.pfm.model_file import ModelFile
from pfm_desktop.pfm.predict import Predictor
from pfm_desktop.pfm.registry import verified
from pfm_desktop.pfm.torch_backend import TorchBackend
from pfm_desktop.support.errors import UserError, for_a_person
from pfm_desktop.support.quiet import Own

log = logging.getLogger(__name__)
# Largest difference of a probability to torch that is borne. On the pictures asked about here, smooth as tissue, bf16
# is as far off as on hundreds of phantoms and more; on pictures with noise, which rounding hardly moves, it was a tenth
LIMIT = MappingProxyType({OPENVINO_F32: 1e-3, OPENVINO_BF16: 1e-2})
HEAT_LIMIT = 0.02  # mean difference of a heatmap to torch's, of its height
ROUNDS = 5
INPUTS, SIDE = 16, 256  # pairs that are asked about, and their side in pixels
PATCH, SMOOTH = 32, 12.0  # pixels: a side of the patches, and their blur (standard deviation)


def decide(path: Path, ctx: Context | None = None) -> Choice:
    """The choice for a model on this computer, made and kept where there is none yet.

    Raises `ModelError` for a model that cannot be loaded and `StorageError` when nothing can be kept.
    """
    content = verified(Path(path))
    if not undecided(content):
        return chosen(content)
    choice = compared(Path(path), content, ctx or SilentContext())
    remember(content, choice)
    log.info("%s answers for %s: %s ms, differences %s", Own(choice.backend), content.name, *_rounded(choice))
    return choice


def compared(path: Path, content: ModelFile, ctx: Context) -> Choice:
    """Ask every backend that runs here about the same fixed pictures. What fails or says something else is left out."""
    model = load_model(path)
    backends: dict[str, Backend] = {TORCH: TorchBackend(model.net)}
    try:
        from pfm_desktop.pfm.convert import converted
        from pfm_desktop.pfm.openvino_backend import OpenVinoBackend, has_bf16

        folder = converted(content, model)
        for name in (OPENVINO_F32, OPENVINO_BF16) if has_bf16() else (OPENVINO_F32,):
            ctx.check()
            backends[name] = OpenVinoBackend(folder, model.net.names, name)
    except (UserError, Cancelled):  # a full disk, for one: nothing is known of OpenVINO then
        raise
    except Exception as error:
        known = for_a_person(error)
        if known is not None:  # memory that ran out, for one: nothing is known of OpenVINO then either
            raise known from error
        log.warning("OpenVINO does not run here (%s: %s)", Own(type(error).__name__), str(error)[:300])
    asked = {name: Predictor(path, backend=backend, features=FeatureCache(0)) for name, backend in backends.items()}
    said: dict[str, Floats] = {}
    heat: dict[str, Floats] = {}
    for name, predictor in asked.items():
        ctx.check()
        said[name], heat[name] = _said(predictor)
    asked = {
        name: predictor
        for name, predictor in asked.items()
        if predictor.backend == name and _alike(name, heat)  # those that are not gave up, or draw something else
    }
    took: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(ROUNDS):  # in turns: a computer that is busy for a moment is so for all of them
        for name, predictor in asked.items():
            ctx.check()
            begun = time.perf_counter()
            _ask(predictor, *_pictures()[0])
            took[name].append(1000 * (time.perf_counter() - begun))
    return picked(
        {name: statistics.median(values) for name, values in took.items()},
        {name: float(np.abs(said[name] - said[TORCH]).max()) for name in asked},
    )


def picked(milliseconds: dict[str, float], difference: dict[str, float]) -> Choice:
    """The fastest of those within their limit; torch always is."""
    fit = [name for name in milliseconds if name == TORCH or difference[name] <= LIMIT[name]]
    return Choice(min(fit, key=lambda name: milliseconds[name]), milliseconds, difference)


def _alike(name: str, heat: dict[str, Floats]) -> bool:
    apart = float(np.abs(heat[name] - heat[TORCH]).mean())
    if apart <= HEAT_LIMIT:
        return True
    log.warning("%s draws other heatmaps than torch (%.3f of their height apart) and is left out", Own(name), apart)
    return False


def _said(predictor: Predictor) -> tuple[Floats, Floats]:
    """Of all pictures in a row: probabilities and spreads, and the fused heatmap."""
    answers = [_ask(predictor, *pair) for pair in _pictures()]
    heat = [maps[FUSED].values.ravel() for _, maps in answers]
    return np.concatenate([_numbers(answer) for answer, _ in answers]), np.concatenate(heat).astype(np.float64)


def _ask(
    predictor: Predictor, white: Pixels | None, fluorescence: Pixels | None
) -> tuple[Prediction, dict[str, Heatmap]]:
    reads = predictor.info.sources
    second = second_of(reads)
    return predictor.predict(
        white if Source.WHITE in reads else None,
        fluorescence if second is not None else None,
        second=second or Source.FLUORESCENCE,
    )


def _numbers(answer: Prediction) -> Floats:
    said = [answer.probabilities, answer.spread, *(single.probabilities for single in answer.single_source.values())]
    return np.array([value for part in said for value in part.values()], dtype=np.float64)


@cache
def _pictures() -> list[tuple[Pixels, Pixels]]:
    """Pairs of soft coloured patches, the same ones every time: SIDE x SIDE x 3."""
    from scipy.ndimage import gaussian_filter

    coarse = np.random.default_rng(20).integers(20, 236, (INPUTS, 2, SIDE // PATCH, SIDE // PATCH, 3), dtype=np.uint8)
    fine = coarse.repeat(PATCH, axis=2).repeat(PATCH, axis=3)
    soft = np.round(gaussian_filter(fine.astype(np.float32), (0, 0, SMOOTH, SMOOTH, 0))).astype(np.uint8)
    return [(pair[0], pair[1]) for pair in soft]


def _rounded(choice: Choice) -> tuple[dict[str, float], dict[str, float]]:
    return (
        {Own(name): round(value, 1) for name, value in choice.milliseconds.items()},
        {Own(name): round(value, 7) for name, value in choice.difference.items()},
    )
