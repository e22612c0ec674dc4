"""One case from files to answer: read, check quality, register, check the pair, predict.

The only place that knows the order.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.prediction import Analysis, Heatmap, ModelInfo, Prediction
from pfm_desktop.domain.quality import Quality, Refusal, Verdict
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging import quality as judge
from pfm_desktop.imaging.io import read_picture
from pfm_desktop.imaging.registration import Registration, register
from pfm_desktop.jobs import Context
from pfm_desktop.services import models
from pfm_desktop.support.errors import BadInputError, ModelError

Pixels = NDArray[np.uint8]
STEPS = 4
PASSES = 20
_NAMES = {Source.WHITE: "white light", Source.FLUORESCENCE: "fluorescence"}


@dataclass(frozen=True, eq=False)
class AnalysisRequest:
    """What to analyse: files, or H x W x 3 uint8 RGB. One of the two may be None.

    `registration` (white light to fluorescence), where it is known already or was set by hand, is used as it is.
    """

    white: Path | Pixels | None = None
    fluorescence: Path | Pixels | None = None
    model: str = models.DEFAULT_MODEL
    heatmaps: bool = True
    passes: int = PASSES
    registration: Registration | None = None


@dataclass(frozen=True, eq=False)
class AnalysisResult:
    """The answer, and what it was made from.

    `warped_fluorescence` is the fluorescence picture in the white-light frame (None unless both were given and
    registered). `notes` says what was converted on reading.
    """

    analysis: Analysis
    registration: Registration | None = None
    white: Pixels | None = None
    fluorescence: Pixels | None = None
    warped_fluorescence: Pixels | None = None
    notes: tuple[str, ...] = ()


@dataclass(eq=False)
class _Run:
    """What has been found so far."""

    ctx: Context
    model: ModelInfo
    pictures: dict[Source, Pixels] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    quality: dict[str, Quality] = field(default_factory=dict)
    registration: Registration | None = None
    warped: Pixels | None = None
    refused: Refusal | None = None
    timing: dict[str, float] = field(default_factory=dict)
    prediction: Prediction | None = None
    heatmaps: Mapping[str, Heatmap] = field(default_factory=dict)

    @property
    def frame(self) -> Source:
        return Source.WHITE if Source.WHITE in self.pictures else Source.FLUORESCENCE

    @contextmanager
    def step(self, number: int, name: str, text: str) -> Iterator[None]:
        self.ctx.progress(number, STEPS, text)
        begun = time.perf_counter()
        yield
        self.timing[name] = round(1000 * (time.perf_counter() - begun), 1)

    def result(self) -> AnalysisResult:
        registered = self.registration
        analysis = Analysis(
            model=self.model,
            quality=self.quality,
            registration=registered.summary() if registered else None,
            prediction=None if self.refused else self.prediction,
            refused=self.refused,
            frame=self.frame,
            heatmaps={} if self.refused else self.heatmaps,
            timing_ms={**self.timing, "total": round(sum(self.timing.values()), 1)},
        )
        white, fluorescence = self.pictures.get(Source.WHITE), self.pictures.get(Source.FLUORESCENCE)
        return AnalysisResult(analysis, registered, white, fluorescence, self.warped, tuple(self.notes))


def analyze(ctx: Context, request: AnalysisRequest) -> AnalysisResult:
    """Analyse a case; progress after each step, where it can also be cancelled.

    What cannot carry an answer ends in `analysis.refused`, never in a guess. Raises `BadInputError` for unreadable
    files and `ModelError` for a model that is missing, altered or made for other sources.
    """
    given = _given(request)
    folder = models.folder_of(request.model)
    run = _Run(ctx, models.info_of(str(folder)))
    _check_sources(run.model, given)
    with run.step(0, "read", "Reading"):
        _read(run, given)
    with run.step(1, "quality", "Checking quality"):
        _check_pictures(run)
    if run.refused is None and len(run.pictures) == 2:
        with run.step(2, "register", "Registering"):
            _register(run, request.registration)
    if run.refused is None:
        with run.step(3, "predict", "Grading"):
            _predict(run, str(folder), request)
    ctx.progress(STEPS, STEPS, "Done")
    return run.result()


def _given(request: AnalysisRequest) -> dict[Source, Path | Pixels]:
    pair = {Source.WHITE: request.white, Source.FLUORESCENCE: request.fluorescence}
    given = {source: picture for source, picture in pair.items() if picture is not None}
    if not given:
        raise BadInputError(
            "no picture was given", remedy="name a white-light picture, a fluorescence picture, or both"
        )
    return given


def _check_sources(model: ModelInfo, given: Mapping[Source, object]) -> None:
    foreign = [_NAMES[source] for source in given if source not in model.sources]
    if foreign:
        known = " and ".join(_NAMES[source] for source in model.sources)
        raise ModelError(
            f"the model {model.name} reads {known} only, not {' or '.join(foreign)}",
            remedy="choose another model, or leave that picture out",
        )


def _read(run: _Run, given: Mapping[Source, Path | Pixels]) -> None:
    """Both files at once: decoding leaves the interpreter free."""

    def load(item: tuple[Source, Path | Pixels]) -> tuple[Source, Pixels, tuple[str, ...]]:
        source, picture = item
        if isinstance(picture, np.ndarray):
            return source, checked_pixels(picture, _NAMES[source]), ()
        loaded = read_picture(picture)
        return source, loaded.pixels, loaded.notes

    for source, pixels, notes in _side_by_side(load, list(given.items())):
        run.pictures[source] = pixels
        run.notes += [f"{_NAMES[source]}: {note}" for note in notes]


def checked_pixels(pixels: Pixels, name: str) -> Pixels:
    """`pixels` when they are H x W x 3 uint8; `BadInputError` otherwise."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise BadInputError(
            f"the {name} picture is {pixels.dtype} of shape {pixels.shape}", remedy="give H x W x 3 uint8 RGB"
        )
    return pixels


def _check_pictures(run: _Run) -> None:
    verdicts = _side_by_side(lambda item: (item[0], judge.assess(item[1], item[0])), list(run.pictures.items()))
    for source, verdict in verdicts:
        run.quality[source.value] = verdict
    poor = [source for source, verdict in verdicts if verdict.verdict is Verdict.POOR]
    if poor:
        said = "; ".join(f"the {_NAMES[source]} picture: {_words(run.quality[source.value])}" for source in poor)
        run.refused = Refusal(said, " ".join(run.quality[source.value].advice for source in poor))


def _register(run: _Run, known: Registration | None) -> None:
    white, fluorescence = run.pictures[Source.WHITE], run.pictures[Source.FLUORESCENCE]
    twice = judge.identical(white, fluorescence)
    if twice is not None:
        run.quality["pair"] = twice
        run.refused = Refusal(_words(twice), twice.advice)
        return
    registration = known or register(white, fluorescence, ctx=run.ctx)
    run.registration = registration
    pair = judge.assess_pair(white, fluorescence, registration)
    run.quality["pair"] = pair
    if registration.status is RegistrationStatus.REFUSED:
        reason = registration.reason or _words(pair) or "the pictures could not be registered"
        run.refused = Refusal(reason, pair.advice)
    elif pair.verdict is Verdict.POOR:
        run.refused = Refusal(_words(pair), pair.advice)
    else:
        run.warped = registration.warp_to_white(fluorescence)


def _predict(run: _Run, model: str, request: AnalysisRequest) -> None:
    predictor = models.predictor(model)
    registration = run.registration
    run.prediction, heatmaps = predictor.predict(
        run.pictures.get(Source.WHITE),
        run.warped if registration else run.pictures.get(Source.FLUORESCENCE),
        overlap=registration.overlap_mask() if registration else None,
        ctx=run.ctx,
        passes=request.passes,
    )
    run.heatmaps = heatmaps if request.heatmaps else {}


def without_heatmaps(analysis: Analysis) -> Analysis:
    """The same answer without its heatmaps."""
    return replace(analysis, heatmaps={})


def _words(quality: Quality) -> str:
    return ", ".join(problem.replace("_", " ") for problem in quality.problems)


Item = TypeVar("Item")
Found = TypeVar("Found")


def _side_by_side(function: Callable[[Item], Found], items: list[Item]) -> list[Found]:
    if len(items) < 2:
        return [function(item) for item in items]
    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(function, items))
