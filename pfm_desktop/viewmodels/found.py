"""What the quality check found in the pictures, for the stage: where a problem is, the cervix, and an os to confirm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pfm_desktop.domain.annotation import OsMark
from pfm_desktop.domain.quality import Verdict, problem_words
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.pair_view import XY, PairRegistration

if TYPE_CHECKING:
    from pfm_desktop.domain.anatomy import Outline
    from pfm_desktop.domain.prediction import Analysis
    from pfm_desktop.domain.quality import Quality

TAKE_KEY, SHOW_KEY = "Shift+O", "Q"
WORDS = {
    "obstructed": tr("in the way"),
    "os_covered": tr("mucus or blood over the os"),
    "glare": tr("glare"),
    "overexposed": tr("overexposed"),
}
CERVIX, DRAWN = tr("cervix as found"), tr("cervix as drawn")


@dataclass(frozen=True)
class Line:
    """A closed outline, N x 2 pixels of the frame it is drawn in. `problem`: something is wrong there. `named`: its
    words are written beside it; of several parts only one is."""

    words: str
    points: Outline
    problem: bool
    named: bool = True

    @property
    def drawn(self) -> bool:
        """Whether a person drew it."""
        return self.words == DRAWN


@dataclass(frozen=True)
class Found:
    """What was found in one picture, in its own pixels."""

    lines: tuple[Line, ...] = ()
    os: XY | None = None


@dataclass(frozen=True)
class Stroke:
    """A line that is being drawn around the cervix or a lesion, in pixels of `frame`; the first `corners` of its points
    were clicked. `open`: along the junction, so that its ends do not meet. `radius`: of the brush, pixels; 0 of a line.
    """

    frame: Source
    points: Outline
    corners: int = 0
    open: bool = False
    radius: float = 0.0
    erases: bool = False


def found_in(analysis: Analysis | None, drawn: Mapping[Source, Outline] | None = None) -> Mapping[Source, Found]:
    """By source; an os only of a picture that can be used. An outline that the user has `drawn` comes before the
    cervix that was found."""
    told = {source: analysis.quality.get(source.value) for source in PLACES} if analysis is not None else {}
    own = drawn or {}
    made = {source: _found(told.get(source), own.get(source)) for source in PLACES}
    return {source: found for source, found in made.items() if source in own or told.get(source) is not None}


def _found(quality: Quality | None, drawn: Outline | None) -> Found:
    anatomy = quality.anatomy if quality is not None else None
    problems = () if quality is None else tuple(Line(_words(r.what), r.outline, problem=True) for r in quality.regions)
    if drawn is not None:
        cervix: tuple[Line, ...] = (Line(DRAWN, drawn, problem=False),)
    else:
        parts = anatomy.cervix if anatomy else ()  # more than one where something lies across it
        cervix = tuple(Line(CERVIX, part, problem=False, named=part is parts[0]) for part in parts)
    usable = quality is not None and quality.verdict is not Verdict.UNUSABLE
    return Found((*problems, *cervix), anatomy.os if anatomy is not None and usable else None)


def suggested_os(found: Mapping[Source, Found], pair_id: str, os_mark: OsMark | None) -> OsMark | None:
    """The os that was found, in white light if it was found there; None where the user has marked one."""
    if os_mark is not None:
        return None
    for source in PLACES:
        spot = found[source].os if source in found else None
        if spot is not None:
            return OsMark(pair_id, source, *spot)
    return None


def found_cervix(found: Mapping[Source, Found]) -> tuple[Source, Outline] | None:
    """The outline of the cervix as the program found it, and in which picture; None where it was not found in one
    piece."""
    for source in PLACES:
        lines = [line for line in found[source].lines if line.words == CERVIX] if source in found else []
        if len(lines) == 1:
            return source, lines[0].points
    return None


def lines_in(
    frame: Source, found: Mapping[Source, Found], shown: tuple[Source, ...], registration: PairRegistration | None
) -> tuple[Line, ...]:
    """The outlines that a pane draws, in its frame; without a way there they are left out.

    What is wrong is drawn on the picture that it was found in. The cervix is drawn once: as somebody drew it on either
    picture, or else as it was found, in all its parts, in the one that is shown.
    """

    def lines_of(source: Source) -> Iterator[Line]:
        for line in found[source].lines if source in found else ():
            points = moved(line.points, source, frame, registration)
            if points is not None:
                yield replace(line, points=points)

    own_first = sorted(PLACES, key=lambda one: one is not frame)
    lines = {source: tuple(lines_of(source)) for source in own_first}
    problems = [line for source in own_first if source in shown for line in lines[source] if line.problem]
    drawn = ([line for line in lines[source] if line.drawn] for source in own_first)
    seen = ([line for line in lines[source] if not line.problem] for source in own_first if source in shown)
    return (*problems, *next(filter(None, (*drawn, *seen)), ()))


def moved(points: Outline, start: Source, end: Source, registration: PairRegistration | None) -> Outline | None:
    """An outline in another frame; None where there is no way there."""
    if start is end:
        return points
    if registration is None:
        return None
    given = np.array(points, np.float64)
    way = registration.white_to_fluorescence if start is Source.WHITE else registration.fluorescence_to_white
    moved = way(given)
    return tuple((float(x), float(y)) for x, y in moved) if np.isfinite(moved).all() else None


def _words(problem: str) -> str:
    return WORDS.get(problem, problem_words(problem))
