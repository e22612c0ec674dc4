"""One phantom with its truth, and all that is found out about the maps of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.prediction import FUSED, SCALED_MAP_WORDS
from pfm_desktop.imaging.phantom.visit import draw_visit
from pfm_desktop.interop.tabular import read_manifest
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.calibrate import Scale
from pfm_desktop.pfm.checkpoint import load_model
from pfm_desktop.pfm.explain.fuse import evidence, explain
from pfm_desktop.pfm.explain.methods import METHODS
from pfm_desktop.pfm.explain.removal import SIDE, STEPS, answers, blurred, ranking_cells
from pfm_desktop.pfm.explain.sanity import CASCADE, forgetful
from pfm_desktop.pfm.explain.scores import Mask, Plane, area, hits, order, overlap, rank_correlation, removals
from pfm_desktop.pfm.explain.target import Planes, Way
from pfm_desktop.pfm.heatmaps import target_of, words_of
from pfm_desktop.pfm.model_tables import BOTH, heatmap_strengths
from pfm_desktop.pfm.nets.model import Inputs, PfmNet
from pfm_desktop.pfm.preprocess import Letterbox, letterbox_mask
from pfm_desktop.pfm.training.augment import plain_inputs
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.services.phantoms import case_seed, write_phantoms
from pfm_desktop.services.training_data import prepare

REMOVED = {"graded": "the graded grade", "high": "high or worse"}
THRESHOLDS = tuple(f"{tenth / 20:.2f}" for tenth in range(1, 20))
NEAR = 7  # pixels of 224, the 15 of 500 of the pointing game as published
LEAST_LESION = 50  # pixels of the square input; below this nothing could be pointed at
NOISE = 0.02  # standard deviations of a channel: about a grey level of the camera
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """Phantoms of one seed: `count` of `pixels` a side are drawn, the first `judged` judged; of these the first `taken`
    serve deletion and insertion, the first `checked` the two checks; of these the one of forgotten heads is the mean
    over `draws` untrained sets of heads."""

    seed: int
    pixels: int
    count: int
    judged: int
    taken: int = 0
    checked: int = 0
    draws: int = 1


@dataclass(frozen=True, eq=False)
class Case:
    """One prepared phantom: its place in `data` and its truth."""

    data: PreparedSet
    index: int
    seed: int
    number: int
    truth: Path

    @property
    def name(self) -> str:
        """As in the manifest."""
        return self.data.cases[self.index]

    def lesion(self) -> Mask:
        """size x size, in the frame of the network's input, which is that of white light."""
        with np.load(self.truth, allow_pickle=False) as arrays:
            mask = np.asarray(arrays["lesion"], np.bool_)
        return letterbox_mask(mask, Letterbox.fit(*mask.shape, self.data.size))

    def drawn_visible(self) -> bool:
        """Whether the generator drew a lesion, and not one of those that white light does not show."""
        seed = case_seed(self.seed, self.number)
        lesion = draw_visit(seed, seed, None, None).lesion
        return lesion is not None and not lesion.invisible


def cases_of(ctx: Context, work: Path, part: Part, size: int) -> list[Case]:
    """The phantoms of a seed that the engine answers, drawn and prepared once."""
    folder = work / f"phantoms-{part.seed}"
    manifest = write_phantoms(ctx, folder, part.count, part.seed, None, part.pixels)
    data = prepare(ctx, read_manifest(manifest), work / f"prepared-{part.seed}-{size}", size=size).data
    numbers = [int(name.removeprefix("case_")) for name in data.cases]
    return [
        Case(data, index, part.seed, number, folder / f"{data.cases[index]}_truth.npz")
        for index, number in enumerate(numbers)
        if number < part.judged
    ]


class Judge:
    """A model, what it says, and what its maps are worth."""

    def __init__(self, model: Path) -> None:
        self._model = load_model(model)
        self._net = self._model.net
        self.name, self.sha256 = f"{self._model.info.name} {self._model.info.version}", self._model.info.sha256
        self.size = self._net.spec.size
        self.drawn_by = words_of(self._model.heatmap)
        self._strong = heatmap_strengths(self._model.heatmap)
        self._forgetful = {step: forgetful(self._net, step) for step in CASCADE if step != "heads"}
        self._headless: dict[int, PfmNet] = {}

    def inputs(self, case: Case) -> Inputs:
        """A batch of one."""
        raw = case.data.batch(np.array([case.index], np.int64))
        return plain_inputs(raw, self._net.names, self._net.spec.grid, self._model.normalisation)

    def answer(self, inputs: Inputs) -> tuple[Floats, dict[str, float]]:
        """Calibrated probabilities, 4, and each source's evidence."""
        with torch.no_grad():
            maps = {name: self._net.maps(name, inputs) for name in self._net.names}

            def ask(used: tuple[str, ...]) -> Floats:
                present = {name: torch.tensor([name in used]) for name in self._net.names}
                log_p = self._net.decide(maps, inputs.coverage, present).combined().double().numpy()
                return self._scaled(log_p, used)[0]

            used = tuple(name for name in self._net.names if bool(inputs.present[name].all()))
            return ask(used), evidence(ask, used)

    def explained(self, probabilities: Floats, shares: Mapping[str, float]) -> int:
        """Rank of the grade that the engine draws its maps for."""
        return self._scale_of(tuple(shares)).explained(probabilities)

    def grades(self, case: Case, rank: int) -> str:
        """The true grade and the answer, for a sheet."""
        return f"{GRADES[int(case.data.grades[case.index])]}, said {GRADES[rank]}"

    def maps(self, inputs: Inputs, method: str, target: int, shares: dict[str, float]) -> Planes:
        """The maps of one method by source, and `fused`."""
        return explain(self._net, inputs, target, METHODS[method], shares, self._ends_of(method, target))

    def _ends_of(self, method: str, target: int) -> dict[str, float]:
        """Where the scale of each source ends, for the map that has the scale of the model."""
        if method != SCALED_MAP_WORDS:
            return {}
        return {name: values[target - 1] for name, values in self._strong.items()}

    def without_heads(self, cases: Sequence[Case], method: str, draws: int) -> list[float]:
        """For each of `draws` untrained sets of heads, the mean rank correlation with the original map."""
        asked = []
        for case in cases:
            inputs = self.inputs(case)
            probabilities, shares = self.answer(inputs)
            target = target_of(self.explained(probabilities, shares))
            asked.append((inputs, target, shares, ranking_cells(self.maps(inputs, method, target, shares)[FUSED])))
        means = []
        for seed in range(draws):
            net = self._without_heads(seed)
            found = [
                resemblance(net, inputs, METHODS[method], target, shares, cells, self._ends_of(method, target))
                for inputs, target, shares, cells in asked
            ]
            means.append(float(np.mean(found)))
        return means

    def row(self, case: Case, part: Part, methods: Sequence[str], tried: Sequence[str] = ()) -> dict[str, Any]:
        """All that is found of one case, ready for JSON; of methods in `tried` only where they point."""
        inputs = self.inputs(case)
        begun = time.perf_counter()
        probabilities, shares = self.answer(inputs)
        took = 1000 * (time.perf_counter() - begun)
        rank, lesion = self.explained(probabilities, shares), case.lesion()
        visible = case.drawn_visible() and int(lesion.sum()) >= LEAST_LESION
        row: dict[str, Any] = {
            "patient": case.data.patients[case.index],
            "grade": str(GRADES[int(case.data.grades[case.index])]),
            "rank": rank,
            "visible": visible,
            "lesion_share": float(lesion.mean()),
            "answer_ms": took,
            "methods": {},
        }
        ends = self._ends(inputs) if rank > 0 and case.number < part.taken else None
        for method in (*methods, *tried):
            begun = time.perf_counter()
            maps = self.maps(inputs, method, target_of(rank), shares)
            found: dict[str, Any] = {
                "ms": 1000 * (time.perf_counter() - begun),
                "top": float(maps[FUSED].nan_to_num(0.0).max()),
            }
            if visible:
                found |= _pointing(maps, lesion)
            if ends is not None and method in methods:
                found |= self._removal(inputs, ends, maps[FUSED], rank)
            if case.number < part.checked and method in methods:
                found |= self._checks(inputs, method, target_of(rank), shares, maps)
                found |= self._heads(inputs, method, target_of(rank), shares, maps, part.draws)
            row["methods"][method] = found
        return row

    def _ends(self, inputs: Inputs) -> Floats:
        """2 x 4: the whole picture, and none of it."""
        gone = np.stack([np.zeros(SIDE * SIDE, np.bool_), np.ones(SIDE * SIDE, np.bool_)])
        return self._taken(inputs, gone)

    def _taken(self, inputs: Inputs, gone: Mask) -> Floats:
        without = {name: blurred(picture) for name, picture in inputs.pictures.items()}
        used = tuple(name for name in self._net.names if bool(inputs.present[name].all()))
        return self._scaled(answers(self._net, inputs, without, gone), used)

    def _scaled(self, log_p: Floats, used: tuple[str, ...]) -> Floats:
        return self._scale_of(used).probabilities(log_p)

    def _scale_of(self, used: tuple[str, ...]) -> Scale:
        return self._model.calibration.scale(BOTH if len(used) > 1 else used[0])

    def _removal(self, inputs: Inputs, ends: Floats, fused: Tensor, rank: int) -> dict[str, float]:
        gone = removals(order(ranking_cells(fused)), STEPS)[1:-1]
        middle = self._taken(inputs, np.concatenate([gone, ~gone]))
        found = {}
        for kind, part in (("deletion", middle[: len(gone)]), ("insertion", middle[len(gone) :])):
            first, last = (ends[0], ends[1]) if kind == "deletion" else (ends[1], ends[0])
            curve = np.concatenate([first[None], part, last[None]])
            found[f"{kind}_graded"] = area(curve[:, rank])
            found[f"{kind}_high"] = area(curve[:, Grade.HIGH.rank :].sum(axis=1))
        return found

    def _heads(
        self, inputs: Inputs, method: str, target: int, shares: dict[str, float], maps: Planes, draws: int
    ) -> dict[str, float]:
        """Rank correlation of the fused map with that of networks whose heads forgot, the mean over `draws` of them."""
        cells, strong = ranking_cells(maps[FUSED]), self._ends_of(method, target)
        found = [
            resemblance(self._without_heads(seed), inputs, METHODS[method], target, shares, cells, strong)
            for seed in range(draws)
        ]
        return {"forgets heads": float(np.mean(found))}

    def _without_heads(self, seed: int) -> PfmNet:
        """One of those with untrained heads; each is made once."""
        if seed not in self._headless:
            self._headless[seed] = forgetful(self._net, "heads", seed=seed)
        return self._headless[seed]

    def _checks(
        self, inputs: Inputs, method: str, target: int, shares: dict[str, float], maps: Planes
    ) -> dict[str, float]:
        """Rank correlation of the fused map with that of networks that forgot, and with that of a noisy picture."""
        cells, strong = ranking_cells(maps[FUSED]), self._ends_of(method, target)
        found = {
            f"forgets {step}": resemblance(net, inputs, METHODS[method], target, shares, cells, strong)
            for step, net in self._forgetful.items()
        }
        random = torch.Generator().manual_seed(0)
        noisy = {
            name: picture + NOISE * torch.randn(picture.shape, generator=random) * (picture != 0)
            for name, picture in inputs.pictures.items()
        }
        again = Inputs(noisy, inputs.coverage, inputs.present)
        return {**found, "noise": resemblance(self._net, again, METHODS[method], target, shares, cells, strong)}


def resemblance(
    net: PfmNet,
    inputs: Inputs,
    way: Way,
    target: int,
    shares: dict[str, float],
    cells: Plane,
    strong: dict[str, float],
) -> float:
    """Rank correlation of an original map, as `cells` that rank, with the fused map that `net` gives of `inputs`."""
    return rank_correlation(cells, ranking_cells(explain(net, inputs, target, way, shares, strong)[FUSED]))


def enlarged(plane: Tensor, size: int) -> Plane:
    """A map g x g to size x size as it is shown: bilinear; NaN where nothing was seen."""
    smooth = F.interpolate(plane.nan_to_num(0.0)[None, None], size=(size, size), mode="bilinear", align_corners=False)
    seen = F.interpolate(plane.isfinite().float()[None, None], size=(size, size), mode="nearest")
    out: Plane = torch.where(seen > 0.5, smooth, torch.nan)[0, 0].numpy()
    return out


def _pointing(maps: Planes, lesion: Mask) -> dict[str, Any]:
    drawn = {name: enlarged(plane, len(lesion)) for name, plane in maps.items()}
    fused = drawn.pop(FUSED)
    return {
        "hit": hits(fused, lesion),
        "near": hits(fused, lesion, within=NEAR),
        **{f"hit_{name}": hits(plane, lesion) for name, plane in drawn.items()},
        "overlaps": {at: overlap(fused, lesion, float(at)) for at in THRESHOLDS},
    }
