"""One case from files to answer: read, check quality, register, check the pair, predict.

The only place that knows the order. `examine` does all that needs no model, `answered` asks the model.
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

from pfm_desktop.domain.geometry import Matrix
from pfm_desktop.domain.prediction import Analysis, Heatmap, ModelInfo, Prediction
from pfm_desktop.domain.quality import Quality, Refusal, Verdict, problem_words
from pfm_desktop.domain.registration import DISAGREE, RegistrationStatus, reason_words
from pfm_desktop.domain.source import PLACES, Source, second_of, together
from pfm_desktop.imaging import quality as judge
from pfm_desktop.imaging.compose import fit
from pfm_desktop.imaging.field import register_lit
from pfm_desktop.imaging.io import read_picture
from pfm_desktop.imaging.pixels import checked_pixels
from pfm_desktop.imaging.registration import Registration
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.registry import refuse_start_only
from pfm_desktop.services import models
from pfm_desktop.support.errors import BadInputError, ModelError
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import with_and, with_or

Pixels = NDArray[np.uint8]
STEPS = 4
PASSES = 20
_COMPARED = 512  # longer side, pixels, at which two pictures are compared: reduced once for all comparisons
SWAPPED = tr("Swap the two.")


@dataclass(frozen=True, eq=False)
class AnalysisRequest:
    """What to analyse: files, or H x W x 3 uint8 RGB. One of the two may be None.

    `second`: of which source the second picture, `fluorescence`, is. `registration` (white light to the second
    picture), where it is known already or was set by hand, is used as it is.
    """

    white: Path | Pixels | None = None
    fluorescence: Path | Pixels | None = None
    model: str = models.DEFAULT_MODEL
    heatmaps: bool = True
    passes: int = PASSES
    registration: Registration | None = None
    second: Source = Source.FLUORESCENCE


@dataclass(frozen=True, eq=False)
class AnalysisResult:
    """The answer, and what it was made from.

    `warped_fluorescence` is the second picture in the white-light frame (None unless both were given and
    registered). `notes` says what was converted on reading.
    """

    analysis: Analysis
    registration: Registration | None = None
    white: Pixels | None = None
    fluorescence: Pixels | None = None
    warped_fluorescence: Pixels | None = None
    notes: tuple[str, ...] = ()


@dataclass(eq=False)
class Examined:
    """What is known of a case before a model is asked. `timing` in ms; `refused` says why no model may be asked.

    `warped` and `overlap` (H x W) are the second picture in the white-light frame and where it shows something.
    """

    pictures: dict[Source, Pixels] = field(default_factory=dict)
    small: dict[Source, Pixels] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    quality: dict[str, Quality] = field(default_factory=dict)
    registration: Registration | None = None
    warped: Pixels | None = None
    overlap: NDArray[np.bool_] | None = None
    refused: Refusal | None = None
    timing: dict[str, float] = field(default_factory=dict)

    @property
    def white(self) -> Pixels | None:
        """The picture in the first place; None where there is none."""
        return self.pictures.get(Source.WHITE)

    @property
    def second(self) -> Source | None:
        """Of which source the picture in the second place is; None where there is none."""
        return second_of(self.pictures)

    @property
    def other(self) -> Pixels | None:
        """The picture in the second place as it was given; None where there is none."""
        return self.pictures.get(self.second) if self.second is not None else None

    def copied(self) -> Examined:
        """Another that may become more; the pictures are the same."""
        return replace(self, notes=[*self.notes], quality={**self.quality}, timing={**self.timing})

    @contextmanager
    def step(self, ctx: Context, number: int, name: str, text: str) -> Iterator[None]:
        """Tell and time one of the `STEPS`."""
        ctx.progress(number, STEPS, text)
        begun = time.perf_counter()
        yield
        self.timing[name] = round(1000 * (time.perf_counter() - begun), 1)


def request_of(white: Path | None, seconds: Mapping[Source, Path | None], model: str) -> AnalysisRequest:
    """Of files, with at most one of the sources that lie in the second place.

    Raises `BadInputError` for two of them, and for one without white light that is never read alone.
    """
    given = [(source, path) for source, path in seconds.items() if path is not None]
    if len(given) > 1:
        raise BadInputError(
            tr("{sources} are no pair", sources=together(source for source, _ in given)),
            remedy=tr("give one of them beside white light"),
        )
    source, path = given[0] if given else (Source.FLUORESCENCE, None)
    if white is None and path is not None and source not in PLACES:
        raise BadInputError(
            tr("{source}: such a picture is read beside white light only", source=source.words),
            remedy=tr("give the white-light picture as well, or give it as white light"),
        )
    return AnalysisRequest(white, path, model, second=source)


def analyze(ctx: Context, request: AnalysisRequest) -> AnalysisResult:
    """Analyse a case; progress after each step, where it can also be cancelled.

    What cannot carry an answer ends in `analysis.refused`, never in a guess. Raises `BadInputError` for unreadable
    files and `ModelError` for a model that is missing, altered or made for other sources.
    """
    given = _given(request.white, request.fluorescence, request.second)
    info = models.info_of(request.model)  # before the pictures: a wrong name is said at once
    check_sources(info, given)
    case = examine(ctx, request.white, request.fluorescence, known=request.registration, second=request.second)
    return answered(ctx, case, request.model, heatmaps=request.heatmaps, passes=request.passes)


def check(
    ctx: Context,
    white: Path | Pixels | None,
    fluorescence: Path | Pixels | None,
    *,
    second: Source = Source.FLUORESCENCE,
) -> Examined:
    """Read and check the quality of each picture: what `examine` begins with, and all of it where they are refused."""
    given = _given(white, fluorescence, second)
    case = Examined()
    with case.step(ctx, 0, "read", tr("Reading")):
        _read(case, given)
    with case.step(ctx, 1, "quality", tr("Checking quality")):
        _check_pictures(case)
    return case


def examine(
    ctx: Context,
    white: Path | Pixels | None,
    fluorescence: Path | Pixels | None,
    *,
    known: Registration | None = None,
    start: Matrix | None = None,
    second: Source = Source.FLUORESCENCE,
    checked: Examined | None = None,
) -> Examined:
    """Read, check quality, register (unless `known`; `start` as in `imaging.registration.register`), check the pair.

    `second`: of which source `fluorescence`, the second picture, is. `checked`: what `check` found of the same
    pictures; it stays as it is. Raises `BadInputError` for unreadable files.
    """
    case = check(ctx, white, fluorescence, second=second) if checked is None else checked.copied()
    if case.refused is None and len(case.pictures) == 2:
        with case.step(ctx, 2, "register", tr("Registering")):
            _register(ctx, case, known, start)
    return case


def answered(
    ctx: Context, case: Examined, model: str, *, heatmaps: bool = True, passes: int = PASSES
) -> AnalysisResult:
    """Ask the model about an examined case, unless it was refused, or is of sources that the model does not read.

    Raises `ModelError`.
    """
    info = models.info_of(model)
    check_sources(info, case.pictures)
    refused = info.other_sources(tuple(case.pictures)) or case.refused
    prediction: Prediction | None = None
    maps: Mapping[str, Heatmap] = {}
    if refused is None:
        with case.step(ctx, 3, "predict", tr("Grading")):
            prediction, maps = models.predictor(model).predict(
                case.white,
                case.warped if case.registration else case.other,
                overlap=case.overlap,
                ctx=ctx,
                passes=passes,
                second=case.second or Source.FLUORESCENCE,
            )
    else:
        info = models.verified_info(model)  # its hash is written down of a refused case as well
    ctx.progress(STEPS, STEPS, tr("Done"))
    analysis = Analysis(
        model=info,
        quality=case.quality,
        registration=case.registration.summary() if case.registration else None,
        prediction=prediction,
        refused=refused,
        frame=Source.WHITE if case.white is not None else Source.FLUORESCENCE,
        heatmaps=maps if heatmaps else {},
        timing_ms={**case.timing, "total": round(sum(case.timing.values()), 1)},
    )
    return AnalysisResult(
        analysis,
        case.registration,
        case.white,
        case.other,
        case.warped,
        tuple(case.notes),
    )


def check_sources(model: ModelInfo, given: Mapping[Source, object]) -> None:
    """Raise `ModelError` when the model was never trained to grade, or reads one of two pictures that may be asked
    about alone. A pair of other sources is refused with an answer: `ModelInfo.other_sources`."""
    refuse_start_only(model)
    if len(model.sources) > 1 or not set(given) <= set(PLACES):
        return
    foreign = [source.words for source in given if source not in model.sources]
    if foreign:
        raise ModelError(
            tr(
                "the model {name} reads {sources} only, not {others}",
                name=model.name,
                sources=with_and(source.words for source in model.sources),
                others=with_or(foreign),
            ),
            remedy=tr("choose another model, or leave that picture out"),
        )


def _given(
    white: Path | Pixels | None, fluorescence: Path | Pixels | None, second: Source
) -> dict[Source, Path | Pixels]:
    pair = {Source.WHITE: white, second: fluorescence}
    given = {source: picture for source, picture in pair.items() if picture is not None}
    if not given:
        raise BadInputError(
            tr("no picture was given"), remedy=tr("name a white-light picture, a fluorescence picture, or both")
        )
    return given


def _read(case: Examined, given: Mapping[Source, Path | Pixels]) -> None:
    """Both files at once: decoding leaves the interpreter free."""

    def load(item: tuple[Source, Path | Pixels]) -> tuple[Source, Pixels, tuple[str, ...]]:
        source, picture = item
        if isinstance(picture, np.ndarray):
            return source, checked_pixels(picture, source.words), ()
        loaded = read_picture(picture)
        return source, loaded.pixels, loaded.notes

    for source, pixels, notes in side_by_side(load, list(given.items())):
        case.pictures[source] = pixels
        case.notes += [f"{source.words}: {note}" for note in notes]


def _check_pictures(case: Examined) -> None:
    def check(item: tuple[Source, Pixels]) -> tuple[Source, Quality, Pixels]:
        return item[0], judge.assess(item[1], item[0]), fit(item[1], _COMPARED)

    checked = side_by_side(check, list(case.pictures.items()))
    verdicts = [(source, verdict) for source, verdict, _ in checked]
    case.quality.update({source.value: verdict for source, verdict in verdicts})
    case.small = {source: small for source, _, small in checked}
    second = case.second or Source.FLUORESCENCE
    both = len(case.small) == 2
    twice = judge.identical(case.small[Source.WHITE], case.small[second], second) if both else None
    unusable = [source for source, verdict in verdicts if verdict.verdict is Verdict.UNUSABLE]
    if twice is not None:  # before the verdict of each: that one of them is of the wrong source only follows from it
        # what one of them would need counts only once the right one is there
        case.quality.update({source.value: replace(verdict, advice="") for source, verdict in verdicts})
        case.quality["pair"] = twice
        case.refused = Refusal(_words(twice), twice.advice)
    elif len(unusable) == 2 and all(case.quality[source.value].problems == ("wrong_source",) for source in unusable):
        advice = dict(zip(unusable, ("", SWAPPED), strict=True))  # once for both, not the two ways out of each
        case.quality.update({source.value: replace(verdict, advice=advice[source]) for source, verdict in verdicts})
        case.refused = Refusal(tr("the two pictures look swapped"), SWAPPED)
    elif unusable:
        said = "; ".join(
            tr("the {source} picture: {problems}", source=source.words, problems=_words(case.quality[source.value]))
            for source in unusable
        )
        case.refused = Refusal(said, " ".join(case.quality[source.value].advice for source in unusable))


def _register(ctx: Context, case: Examined, known: Registration | None, start: Matrix | None) -> None:
    white, other = case.white, case.other
    assert white is not None
    assert other is not None
    assert case.second is not None
    registration = known or register_lit(white, other, start=start, ctx=ctx)
    case.registration = registration
    pair = judge.assess_pair(case.small[Source.WHITE], case.small[case.second], registration, case.second)
    case.quality["pair"] = pair
    if registration.status is RegistrationStatus.REFUSED:
        reason = registration.cause or _words(pair) or tr("the pictures could not be registered")
        case.refused = Refusal(reason, pair.advice)
    elif pair.verdict is Verdict.UNUSABLE:
        said = reason_words(registration.reason) if registration.for_looking_only else _words(pair)
        case.refused = Refusal(said, pair.advice)
    else:
        case.warped, case.overlap = registration.in_white_frame(other)


def _words(quality: Quality) -> str:
    return ", ".join(_WORDS.get(problem, problem_words(problem)) for problem in quality.problems)


_WORDS = {"identical": tr("the same picture was given twice"), "structures_disagree": reason_words(DISAGREE)}

Item = TypeVar("Item")
Found = TypeVar("Found")


def side_by_side(function: Callable[[Item], Found], items: list[Item]) -> list[Found]:
    """`function` of each item at the same time, in order."""
    if len(items) < 2:
        return [function(item) for item in items]
    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(function, items))
