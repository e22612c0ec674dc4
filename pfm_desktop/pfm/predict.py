"""A loaded model answering about one case: calibrated grade, spread, prediction set, evidence, familiarity, heatmaps.

Plain numpy over a `Backend`, which does the network's arithmetic. How heatmaps are drawn is in `heatmaps`.

The trunks, and then the dropout passes, run side by side on threads of their own.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.prediction import FUSED, Heatmap, Prediction, SourceAnswer
from pfm_desktop.domain.source import Source, together
from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.pfm.backend import (
    CHUNK,
    Answers,
    Backend,
    BackendFailed,
    Singles,
    TrunkMaps,
    combinations,
    draw_masks,
)
from pfm_desktop.pfm.backends import backend_for, torch_backend
from pfm_desktop.pfm.calibrate import INDETERMINATE, Floats, Scale, graded
from pfm_desktop.pfm.familiarity import pooled
from pfm_desktop.pfm.familiarity_check import FamiliarityCheck
from pfm_desktop.pfm.feature_cache import FeatureCache, digest_of
from pfm_desktop.pfm.first_stage import STRIDE
from pfm_desktop.pfm.heatmaps import asked_of, class_map, layer_cam, on_own_scale, shown, target_of, weighted, words_of
from pfm_desktop.pfm.letterbox import Letterbox, Pixels, Seen, covered_cells, squared, squared_mask
from pfm_desktop.pfm.model_content import calibration_of, normalisation_of, source_votes
from pfm_desktop.pfm.model_file import FETCH_AGAIN, WEIGHTS, read_model_file
from pfm_desktop.pfm.model_tables import ALONE, BOTH, LAYER_CAM, heatmap_method, heatmap_strengths
from pfm_desktop.pfm.registry import check_weights, refuse_start_only
from pfm_desktop.pfm.slopes import slopes_of
from pfm_desktop.support.errors import BadInputError, ModelError
from pfm_desktop.support.language import tr
from pfm_desktop.support.quiet import Own

log = logging.getLogger(__name__)
SIDE_BY_SIDE = 2  # chunks of dropout passes that run at once


@dataclass(frozen=True, eq=False)
class Prepared:
    """One case as the network takes it, by source: pictures 1 x 3 x S x S, coverage 1 x h x w, `used` the sources.

    `digests` are of the pictures; `fine` is the coverage in the cells of a trunk's first stage, S/4 x S/4.
    """

    pictures: Mapping[str, Singles]
    digests: Mapping[str, str]
    coverage: Mapping[str, Singles]
    fine: Mapping[str, Singles]
    used: tuple[str, ...]
    box: Letterbox


class Predictor:
    """A verified model in memory. Answers are the same for the same pictures; of two questions one waits."""

    def __init__(self, path: Path, *, backend: Backend | None = None, features: FeatureCache | None = None) -> None:
        """Raises `ModelError`. Without `backend` it is the one that `backends.backend_for` names."""
        self._path = Path(path)
        content = read_model_file(self._path)
        refuse_start_only(content.info)
        check_weights(self._path, content)
        self.info = content.info
        self._spec, self._names = content.network, tuple(str(source) for source in content.network.sources)
        self._calibration, self._normalisation = calibration_of(content), normalisation_of(content)
        self._backend = backend or backend_for(self._path, content)
        self._heads = source_votes(self._path / WEIGHTS, self._names)
        method = heatmap_method(content.heatmap)
        self._slopes = slopes_of(self._path / WEIGHTS, content.network) if method == LAYER_CAM else None
        self._drawn_by, self._strong = words_of(content.heatmap), heatmap_strengths(content.heatmap)
        self._features = FeatureCache() if features is None else features
        self._familiarity = FamiliarityCheck(self._path, content, self._features)
        self._masks: dict[int, tuple[Singles, ...]] = {}
        self._answering = threading.Lock()  # thread counts and masks are shared: two answers at once would disturb

    @property
    def backend(self) -> str:
        """Name of the backend that answers."""
        return self._backend.name

    def forget_pictures(self) -> None:
        """Let go of what is kept of the last pictures: the next answer about them runs the trunks again."""
        self._features.clear()

    def predict(
        self,
        white: Pixels | None,
        fluorescence: Pixels | None,
        *,
        overlap: Seen | None = None,
        ctx: Context | None = None,
        passes: int = 20,
        second: Source = Source.FLUORESCENCE,
    ) -> tuple[Prediction, dict[str, Heatmap]]:
        """Answer about H x W x 3 uint8 pictures in one frame; one may be None. `second`: of which source the second is.

        `overlap` (H x W bool) says where the second picture, warped onto white light, shows something. Raises
        `BadInputError` for pictures of different sizes and `ModelError` for a source the model does not know, or an
        answer that is no number.
        """
        ctx = ctx or SilentContext()
        given = {Source.WHITE: white, second: fluorescence}
        with self._answering:
            ctx.check()
            case = self._prepared({s: p for s, p in given.items() if p is not None}, overlap)
            ctx.check()
            try:
                return self._asked(case, passes, ctx)
            except BackendFailed as error:
                log.warning("%s failed and is not asked again, torch answers: %s", Own(self._backend.name), error)
                self._backend = torch_backend(self._path)
                return self._asked(case, passes, ctx)

    def trunk_features(
        self,
        white: Pixels | None,
        fluorescence: Pixels | None,
        *,
        overlap: Seen | None = None,
        second: Source = Source.FLUORESCENCE,
    ) -> Floats:
        """What the trunks make of pictures given as to `predict`: for each source of the model mean and contrast of its
        enhanced map (`familiarity.pooled`), one behind the other; zeros for a source that is not there."""
        given = {Source.WHITE: white, second: fluorescence}
        with self._answering, self._backend.working():
            case = self._prepared({s: p for s, p in given.items() if p is not None}, overlap)
            found = {name: pooled(self._maps(name, case).enhanced[0], case.coverage[name][0]) for name in case.used}
        empty = np.zeros_like(next(iter(found.values())))
        return np.concatenate([found.get(name, empty) for name in self._names])

    def _asked(self, case: Prepared, passes: int, ctx: Context) -> tuple[Prediction, dict[str, Heatmap]]:
        with self._backend.working(), ThreadPoolExecutor(1 + SIDE_BY_SIDE) as pool:
            trunks = dict(zip(case.used, pool.map(lambda name: self._maps(name, case), case.used), strict=True))
            ctx.check()
            return self._answer(trunks, case, passes, pool)

    def _prepared(self, given: dict[Source, Pixels], overlap: Seen | None) -> Prepared:
        foreign = [source for source in given if source not in self.info.sources]
        if foreign or not given:
            raise ModelError(
                tr("the model {name} reads {sources}", name=self.info.name, sources=together(self.info.sources)),
                remedy=tr("give the pictures that it was trained on"),
            )
        shapes = {pixels.shape for pixels in given.values()}
        if len(shapes) > 1:
            raise BadInputError(tr("the two pictures differ in size"), remedy=tr("warp one onto the other first"))
        size, grid = self.info.input_size, self._spec.grid
        height, width = next(iter(shapes))[:2]
        box = Letterbox.fit(height, width, size)

        def placed(name: str) -> tuple[Seen, Singles | None]:
            pixels = given.get(Source(name))
            if pixels is None:
                return np.zeros((size, size), np.bool_), None
            square, _ = squared(pixels, size)
            seen = box.inside()
            if name != Source.WHITE and overlap is not None:
                seen &= squared_mask(overlap, box)
            return seen, self._normalisation.picture(name, square, seen)[None]

        with ThreadPoolExecutor(len(self._names)) as pool:  # a large picture takes as long as its trunk
            found = dict(zip(self._names, pool.map(placed, self._names), strict=True))
        used = tuple(name for name, (seen, _) in found.items() if seen.any())
        if not used:
            raise BadInputError(tr("no picture shows anything"), remedy=tr("give a picture"))
        pictures = {name: picture for name, (_, picture) in found.items() if picture is not None}
        return Prepared(
            pictures,
            {name: digest_of(picture) for name, picture in pictures.items()},
            {name: covered_cells(seen, grid)[None] for name, (seen, _) in found.items()},
            {name: covered_cells(seen, size // STRIDE) for name, (seen, _) in found.items()},
            used,
            box,
        )

    def _maps(self, name: str, case: Prepared) -> TrunkMaps:
        """Of one source that is used."""
        picture = case.pictures[name]
        key = self.info.sha256, self._backend.name, name
        return self._features.get(key, case.digests[name], lambda: self._backend.maps(name, picture))

    def _enhanced(self, trunks: dict[str, TrunkMaps]) -> dict[str, Singles]:
        """Enhanced maps of every source; zero where it is absent."""
        grid, channels = self._spec.grid, self._heads[self._names[0]].weight.shape[1]
        empty = np.zeros((1, channels, grid, grid), np.float32)
        return {name: trunks[name].enhanced if name in trunks else empty for name in self._names}

    def _answer(
        self, trunks: dict[str, TrunkMaps], case: Prepared, passes: int, pool: Executor
    ) -> tuple[Prediction, dict[str, Heatmap]]:
        used, maps = case.used, self._enhanced(trunks)
        answers = self._backend.answers(maps, case.coverage)
        row, scale = self._row(used), self._scale(used)
        tokens, visible = answers.tokens[row], answers.visible[row]
        waiting = self._spread(tokens, visible, scale, passes, pool)
        familiarity = self._familiarity.of(case.pictures, case.digests, case.fine, used)
        probabilities = np.asarray(scale.probabilities(answers.log_p[row]))
        ranks = scale.prediction_set(probabilities)
        rank, indeterminate = int(graded(probabilities)), len(ranks) >= INDETERMINATE
        explained = scale.explained(probabilities)
        # of one source there is one answer: its own head, meant for comparing, would give another
        alone = {name: self._alone(name, maps, case) for name in used} if len(used) > 1 else {used[0]: probabilities}
        evidence = self._evidence(answers, used, probabilities)
        if self._slopes is None:
            said = {name: self._heads[name].by_cell(maps[name][0]) for name in used}
            planes = {name: class_map(said[name], case.coverage[name][0], explained) for name in used}
        else:
            middles = {name: both.middle[0] for name, both in trunks.items()}
            slopes = self._slopes.of(middles, case.coverage, tokens, visible, asked_of(explained))
            planes = {name: layer_cam(middles[name], slopes[name]) for name in used}
        heatmaps = self._heatmaps(planes, case, evidence, explained)
        spread = waiting()
        self._refuse_no_numbers(probabilities, spread, *alone.values(), list(evidence.values()))
        prediction = Prediction(
            grade=GRADES[rank],
            probabilities=_by_grade(probabilities),
            spread=_by_grade(spread),
            prediction_set=tuple(GRADES[k] for k in ranks),
            indeterminate=indeterminate,
            evidence={Source(name): share for name, share in evidence.items()},
            single_source={
                Source(name): SourceAnswer(GRADES[int(graded(p))], _by_grade(p)) for name, p in alone.items()
            },
            sources=tuple(Source(name) for name in used),
            passes=passes,
            familiarity=familiarity,
        )
        return prediction, heatmaps

    def _row(self, used: tuple[str, ...]) -> int:
        """Where `Answers` has the sources `used`."""
        return combinations(self._names).index(used)

    def _scale(self, used: tuple[str, ...]) -> Scale:
        return self._calibration.scale(BOTH if len(used) > 1 else used[0])

    def _spread(
        self, tokens: Singles, visible: Singles, scale: Scale, passes: int, pool: Executor
    ) -> Callable[[], Floats]:
        """Starts `passes` dropout passes; what it returns waits for the standard deviation of the probabilities."""
        if passes < 2:
            return lambda: np.zeros(len(GRADES))
        masks = [self._masks_of(number) for number in range(-(-passes // CHUNK))]
        waiting = [pool.submit(self._backend.passes, tokens, visible, keep) for keep in masks]

        def spread() -> Floats:
            log_p = np.concatenate([future.result() for future in waiting])[:passes]
            return np.asarray(scale.probabilities(log_p).std(axis=0, ddof=1), dtype=np.float64)

        return spread

    def _masks_of(self, number: int) -> tuple[Singles, ...]:
        """Drawn once: they are the same for every case."""
        if number not in self._masks:
            self._masks[number] = draw_masks(self._spec, number)
        return self._masks[number]

    def _alone(self, name: str, maps: dict[str, Singles], case: Prepared) -> Floats:
        log_p = self._heads[name].log_probabilities(maps[name][0], case.coverage[name][0])
        return np.asarray(self._calibration.scale(f"{ALONE}{name}").probabilities(_log_softmax(log_p)))

    def _evidence(self, answers: Answers, used: tuple[str, ...], probabilities: Floats) -> dict[str, float]:
        """Each source's share: how far the answer moves (total variation) when that source is taken away."""
        if len(used) == 1:
            return {used[0]: 1.0}
        moved = {}
        for name in used:
            others = tuple(other for other in used if other != name)
            without = np.asarray(self._scale(others).probabilities(answers.log_p[self._row(others)]))
            moved[name] = 0.5 * float(np.abs(without - probabilities).sum())
        total = sum(moved.values())
        return {name: value / total if total > 1e-9 else 1.0 / len(used) for name, value in moved.items()}

    def _heatmaps(
        self, planes: dict[str, Singles], case: Prepared, evidence: dict[str, float], explained: int
    ) -> dict[str, Heatmap]:
        """From a plane of each source, 0 or more, over the square input, for the grade of rank `explained`."""
        self._refuse_no_numbers(*planes.values())
        values = {
            name: shown(plane, case.coverage[name][0], case.box, strong=self._strong_of(name, explained))
            for name, plane in planes.items()
        }
        fused = weighted(values, evidence)
        both = {FUSED: fused if self._strong else on_own_scale(fused), **values}
        return {name: Heatmap(plane, self._drawn_by) for name, plane in both.items()}

    def _strong_of(self, name: str, rank: int) -> float:
        return self._strong[name][target_of(rank) - 1] if self._strong else 0.0

    def _refuse_no_numbers(self, *values: Floats | Singles | list[float]) -> None:
        """Whatever is no number would still be shown as a grade."""
        if not all(np.isfinite(part).all() for part in values):
            raise ModelError(
                tr(
                    "the model {name} {version} gives an answer that is no number",
                    name=self.info.name,
                    version=self.info.version,
                ),
                safe=tr("no answer is shown or kept"),
                remedy=FETCH_AGAIN,
            )


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()), dtype=np.float64)


def _by_grade(values: Floats) -> dict[Grade, float]:
    return {grade: float(value) for grade, value in zip(GRADES, values, strict=True)}
