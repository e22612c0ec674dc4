"""A loaded model answering about one case: calibrated grade, spread, prediction set, evidence, heatmaps.

Heatmaps are the exact class maps of the sources' own heads (each cell's vote for the grade in question against the mean
of the others), the one method that is exact by construction; the fused map weighs them by each source's evidence. For
`normal` the map shows what speaks for `high` or worse, so that the eye is led to what was weighed and dismissed.

The trunks, and then the dropout passes, run side by side on threads of their own. Torch's own threads wait for each
other at every layer, which takes many times as long as soon as something else is busy on the machine.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.prediction import Heatmap, Prediction, SourceAnswer
from pfm_desktop.domain.source import Source
from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.pfm.calibrate import INDETERMINATE, Floats
from pfm_desktop.pfm.checkpoint import load_model
from pfm_desktop.pfm.model_file import FETCH_AGAIN
from pfm_desktop.pfm.model_tables import ALONE, BOTH
from pfm_desktop.pfm.nets.heads import HeadDropout
from pfm_desktop.pfm.nets.model import Inputs, PfmNet, cell_coverage
from pfm_desktop.pfm.preprocess import (
    Letterbox,
    Pixels,
    Seen,
    fluorescence_level,
    intensities,
    letterbox,
    letterbox_mask,
)
from pfm_desktop.pfm.registry import read_info, refuse_start_only
from pfm_desktop.pfm.runtime import torch_threads
from pfm_desktop.support.errors import BadInputError, ModelError
from pfm_desktop.support.threads import worker_threads

MAP_SIDE = 128  # longer side of a heatmap
METHOD = "class map"
SEED = 20  # of the dropout passes: the same pictures give the same answer
SAMPLERS = 2  # dropout passes run on so many threads, beside the answer itself

Made = TypeVar("Made")


class Predictor:
    """A verified model in memory. Answers are the same for the same pictures; of two questions one waits."""

    def __init__(self, path: Path) -> None:
        refuse_start_only(read_info(Path(path)))
        self._model = load_model(Path(path))
        self.info = self._model.info
        # the samplers' dropout and torch's thread count are shared: two answers at once would disturb each other
        self._answering = threading.Lock()
        self._samplers = [_Sampler(self._model.net, SEED + number) for number in range(SAMPLERS)]

    def predict(
        self,
        white: Pixels | None,
        fluorescence: Pixels | None,
        *,
        overlap: Seen | None = None,
        ctx: Context | None = None,
        passes: int = 20,
    ) -> tuple[Prediction, dict[str, Heatmap]]:
        """Answer about H x W x 3 uint8 pictures in one frame; one may be None.

        `overlap` (H x W bool) says where the fluorescence picture, warped onto white light, shows something. Raises
        `BadInputError` for pictures of different sizes and `ModelError` for a source the model does not know, or an
        answer that is no number.
        """
        ctx = ctx or SilentContext()
        given = {Source.WHITE: white, Source.FLUORESCENCE: fluorescence}
        threads = max(1, worker_threads() // 2)
        with (
            self._answering,
            torch.no_grad(),
            torch_threads(threads),
            ThreadPoolExecutor(1 + SAMPLERS) as pool,
        ):
            ctx.check()
            inputs, box = self._inputs({s: p for s, p in given.items() if p is not None}, overlap)
            ctx.check()
            net = self._model.net
            names = net.names
            maps = dict(
                zip(names, pool.map(_without_gradients(lambda name: net.maps(name, inputs)), names), strict=True)
            )
            ctx.check()
            return self._answer(maps, inputs, box, passes, pool)

    def _inputs(self, given: dict[Source, Pixels], overlap: Seen | None) -> tuple[Inputs, Letterbox]:
        foreign = [source for source in given if source not in self.info.sources]
        if foreign or not given:
            raise ModelError(
                f"the model {self.info.name} reads {', '.join(self.info.sources)}",
                remedy="give the pictures that it was trained on",
            )
        shapes = {pixels.shape for pixels in given.values()}
        if len(shapes) > 1:
            raise BadInputError("the two pictures differ in size", remedy="warp one onto the other first")
        size, grid = self.info.input_size, self._model.net.spec.grid
        height, width = next(iter(shapes))[:2]
        box = Letterbox.fit(height, width, size)
        pictures: dict[str, Tensor] = {}
        coverage: dict[str, Tensor] = {}
        present: dict[str, Tensor] = {}
        for name in self._model.net.names:
            pixels = given.get(Source(name))
            seen = np.zeros((size, size), np.bool_)
            square = np.zeros((size, size, 3), np.uint8)
            if pixels is not None:
                square, _ = letterbox(pixels, size)
                seen = box.inside()
                if name == Source.FLUORESCENCE and overlap is not None:
                    seen = seen & letterbox_mask(overlap, box)
            mask = torch.from_numpy(seen)[None].float()
            level = torch.tensor([fluorescence_level(square, seen)])
            planes = intensities(name, torch.from_numpy(square)[None], level)
            picture = self._model.normalisation.apply(name, planes, mask)
            pictures[name] = picture.contiguous(memory_format=torch.channels_last)
            coverage[name] = cell_coverage(mask, grid)
            present[name] = torch.tensor([bool(seen.any())])
        return Inputs(pictures, coverage, present), box

    def _answer(
        self, maps: dict[str, Tensor], inputs: Inputs, box: Letterbox, passes: int, pool: Executor
    ) -> tuple[Prediction, dict[str, Heatmap]]:
        used = tuple(name for name in self._model.net.names if bool(inputs.present[name].all()))
        if not used:
            raise BadInputError("no picture shows anything", remedy="give a picture")
        waiting = self._spread(maps, inputs, used, passes, pool)
        probabilities = self._asked(maps, inputs, used)
        scale = self._model.calibration.scale(self._combination(used))
        ranks = scale.prediction_set(probabilities)
        rank = int(np.argmax(probabilities))
        # of one source there is one answer: its own head, meant for comparing, would give another
        alone = {name: self._alone(name, maps, inputs) for name in used} if len(used) > 1 else {used[0]: probabilities}
        evidence = self._evidence(maps, inputs, used, probabilities)
        heatmaps = self._heatmaps(maps, inputs, box, rank, evidence)
        spread = waiting()
        self._refuse_no_numbers(probabilities, spread, *alone.values(), list(evidence.values()))
        prediction = Prediction(
            grade=GRADES[rank],
            probabilities=_by_grade(probabilities),
            spread=_by_grade(spread),
            prediction_set=tuple(GRADES[k] for k in ranks),
            indeterminate=len(ranks) >= INDETERMINATE,
            evidence={Source(name): share for name, share in evidence.items()},
            single_source={
                Source(name): SourceAnswer(GRADES[int(np.argmax(p))], _by_grade(p)) for name, p in alone.items()
            },
            sources=tuple(Source(name) for name in used),
            passes=passes,
        )
        return prediction, heatmaps

    def _combination(self, used: tuple[str, ...]) -> str:
        return BOTH if len(used) > 1 else used[0]

    def _asked(self, maps: dict[str, Tensor], inputs: Inputs, used: tuple[str, ...]) -> Floats:
        """Calibrated probabilities, 4, of the decision module given the sources `used`."""
        present = {name: torch.tensor([name in used]) for name in self._model.net.names}
        log_p = self._model.net.decide(maps, inputs.coverage, present).combined().double().numpy()
        return np.asarray(self._model.calibration.scale(self._combination(used)).probabilities(log_p)[0])

    def _spread(
        self, maps: dict[str, Tensor], inputs: Inputs, used: tuple[str, ...], passes: int, pool: Executor
    ) -> Callable[[], Floats]:
        """Starts `passes` dropout passes; what it returns waits for the standard deviation of the probabilities."""
        if passes < 2:
            return lambda: np.zeros(len(GRADES))
        present = {name: torch.tensor([name in used]) for name in self._model.net.names}
        tokens, visible = self._model.net.splice(maps, inputs.coverage, present)
        shares = [passes // SAMPLERS + (number < passes % SAMPLERS) for number in range(SAMPLERS)]
        waiting = [
            pool.submit(_without_gradients(sampler.log_probabilities), tokens, visible, share)
            for sampler, share in zip(self._samplers, shares, strict=True)
        ]
        scale = self._model.calibration.scale(self._combination(used))

        def spread() -> Floats:
            log_p = np.concatenate([future.result() for future in waiting])
            return np.asarray(scale.probabilities(log_p).std(axis=0, ddof=1), dtype=np.float64)

        return spread

    def _alone(self, name: str, maps: dict[str, Tensor], inputs: Inputs) -> Floats:
        logits = self._model.net.source_head(name)(maps[name], inputs.coverage[name])
        log_p = torch.log_softmax(logits.double(), dim=-1).numpy()
        return np.asarray(self._model.calibration.scale(f"{ALONE}{name}").probabilities(log_p)[0])

    def _evidence(
        self, maps: dict[str, Tensor], inputs: Inputs, used: tuple[str, ...], probabilities: Floats
    ) -> dict[str, float]:
        """Each source's share: how far the answer moves (total variation) when that source is taken away."""
        if len(used) == 1:
            return {used[0]: 1.0}
        moved = {
            name: 0.5
            * float(
                np.abs(self._asked(maps, inputs, tuple(other for other in used if other != name)) - probabilities).sum()
            )
            for name in used
        }
        total = sum(moved.values())
        return {name: value / total if total > 1e-9 else 1.0 / len(used) for name, value in moved.items()}

    def _heatmaps(
        self, maps: dict[str, Tensor], inputs: Inputs, box: Letterbox, rank: int, evidence: dict[str, float]
    ) -> dict[str, Heatmap]:
        target = rank if rank > 0 else Grade.HIGH.rank
        values: dict[str, NDArray[np.float32]] = {}
        for name in evidence:
            votes = self._model.net.source_head(name).votes(maps[name])[0].float()
            others = [k for k in range(len(GRADES)) if k != target]
            drawn = box.cut((votes[target] - votes[others].mean(dim=0)).clamp_min(0), longest=MAP_SIDE).numpy()
            seen = box.cut(inputs.coverage[name][0], longest=MAP_SIDE).numpy() > 0.25
            top = float(drawn[seen].max()) if seen.any() else 0.0
            self._refuse_no_numbers([top])
            values[name] = np.where(seen, drawn / top if top > 1e-6 else 0.0, np.nan).astype(np.float32)
        fused = _weighted(values, evidence)
        return {name: Heatmap(plane, METHOD) for name, plane in {"fused": fused, **values}.items()}

    def _refuse_no_numbers(self, *values: Floats | list[float]) -> None:
        """Whatever is no number would still be shown as a grade."""
        if not all(np.isfinite(part).all() for part in values):
            raise ModelError(
                f"the model {self.info.name} {self.info.version} gives an answer that is no number",
                safe="no answer is shown or kept",
                remedy=FETCH_AGAIN,
            )


class _Sampler:
    """A copy of the decision module with its dropout on: it draws while the model itself answers without."""

    def __init__(self, net: PfmNet, seed: int) -> None:
        self._decision, self._classifier = copy.deepcopy(net.decision), net.classifier
        self._seed = seed

    def log_probabilities(self, tokens: Tensor, visible: Tensor, passes: int) -> Floats:
        """passes x 4 for one case (tokens 1 x L x D); the same draws each time."""
        source = torch.Generator().manual_seed(self._seed)
        for module in self._decision.modules():
            if isinstance(module, HeadDropout):
                module.source = source
        many = tokens.expand(passes, -1, -1), visible.expand(passes, -1)
        log_p = self._classifier(self._decision(*many)).combined()
        return np.asarray(log_p.double().numpy(), dtype=np.float64)


def _without_gradients(function: Callable[..., Made]) -> Callable[..., Made]:
    """For another thread: switching gradients off holds for one thread only."""

    def called(*arguments: object) -> Made:
        with torch.no_grad():
            return function(*arguments)

    return called


def _weighted(values: dict[str, NDArray[np.float32]], evidence: dict[str, float]) -> NDArray[np.float32]:
    """Mean of the maps by evidence where they see something; NaN where none does."""
    shape = next(iter(values.values())).shape
    total, weight = np.zeros(shape), np.zeros(shape)
    for name, plane in values.items():
        seen = np.isfinite(plane)
        share = max(evidence[name], 1e-3)
        total += np.where(seen, plane, 0) * share
        weight += seen * share
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weight > 0, total / weight, np.nan).astype(np.float32)


def _by_grade(values: Floats) -> dict[Grade, float]:
    return {grade: float(value) for grade, value in zip(GRADES, values, strict=True)}
