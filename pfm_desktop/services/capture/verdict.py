"""Whether a pair that was just taken is worth keeping, by its gap, its quality and its registration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.capture import GAP_REJECT_S, Gap, gap_of
from pfm_desktop.domain.geometry import Matrix
from pfm_desktop.domain.quality import Quality, Verdict
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging import quality as gate
from pfm_desktop.imaging.compose import fit
from pfm_desktop.imaging.field import register_lit
from pfm_desktop.imaging.pixels import checked_pixels
from pfm_desktop.imaging.registration import Registration
from pfm_desktop.services.inference import side_by_side
from pfm_desktop.support.language import tr

Pixels = NDArray[np.uint8]

PAIR, REMEMBERED = "pair", 9  # pairs of which the map between two sensors is the median
_COMPARED = 512  # pixels of the longer side, at which the two are compared
_STILL = tr("Ask her to hold still, and take the pair again.")
# what is to be done about it here and now, where the gate's own advice is for pictures that lie on a disk
_LIVE_ADVICE = {
    "wrong_source": tr("Look at lamp and filter, then take the pair again."),
    "wrong_pair": _STILL + " " + tr("If it comes again, points can be placed in Review."),
    "identical": tr("The camera gave one picture twice: look at lamp and filter, then take the pair again."),
    "too_little_overlap": _STILL,
    "little_overlap": tr("The view moved between the two: hold still, and take the pair again if there is time."),
    "registration_uncertain": tr("Look whether both meet; take the pair again if there is time."),
    "too_small": tr("Choose a larger resolution of the camera."),
    "odd_shape": tr("Choose another resolution of the camera."),
}


@dataclass(frozen=True, eq=False)
class PairVerdict:
    """Whether to `keep` the pair or take it again, in `words` for a headline (`Keep`, `Retake: ...`), and `reasons`,
    the weightiest first, each with what to do.

    `quality` has the keys `white`, `fluorescence` and, where they were compared, `pair`. `registration` is None where
    one of them is not usable.
    """

    keep: bool
    words: str
    reasons: tuple[str, ...]
    gap: Gap
    gap_s: float
    quality: Mapping[str, Quality] = field(default_factory=dict)
    registration: Registration | None = None

    @property
    def found_map(self) -> Matrix | None:
        """3 x 3, white-light to fluorescence pixels, worth remembering for the next pairs of two sensors; None where
        the registration is not sure."""
        found = self.registration
        return found.matrix if found is not None and found.status is RegistrationStatus.OK else None


def judge(white: Pixels, fluorescence: Pixels, gap_s: float, *, start: Matrix | None = None) -> PairVerdict:
    """The verdict on a pair, each H x W x 3 uint8 RGB, sizes may differ; `gap_s` seconds of either sign lie between.

    `start`: the map of two sensors (3 x 3, white-light to fluorescence pixels) as `usual_map` gives it. Raises
    `BadInputError` for arrays of another kind.
    """
    given = [
        (source, checked_pixels(pixels, source.words))
        for source, pixels in ((Source.WHITE, white), (Source.FLUORESCENCE, fluorescence))
    ]
    looked = side_by_side(lambda one: (gate.assess(one[1], one[0]), fit(one[1], _COMPARED)), given)
    quality = {source.value: seen for (source, _), (seen, _) in zip(given, looked, strict=True)}
    registration = None
    if all(seen.verdict is not Verdict.UNUSABLE for seen in quality.values()):
        registration = register_lit(white, fluorescence, start=start)
        quality[PAIR] = gate.assess_pair(looked[0][1], looked[1][1], registration)
    return _said(quality, registration, gap_s)


def usual_map(maps: Sequence[Matrix]) -> Matrix | None:
    """Of the maps that the last pairs of one device found (oldest first), what to start from: each number the median of
    the last `REMEMBERED`; None for none. A pair between which she moved changes it little."""
    last = [np.asarray(one, np.float64) / one[2, 2] for one in maps[-REMEMBERED:]]
    return np.asarray(np.median(last, axis=0), np.float64) if last else None


def _said(quality: Mapping[str, Quality], registration: Registration | None, gap_s: float) -> PairVerdict:
    gap = gap_of(gap_s)
    bad, poor = ([*_of(quality, verdict)] for verdict in (Verdict.UNUSABLE, Verdict.LIMITED))
    apart = tr("{gap:.1f} s between the two pictures", gap=abs(gap_s))
    if gap is Gap.REJECT:
        advice = tr(
            "More than {limit:g} s: they may not show the same. Look at lamp and camera, take it again.",
            limit=GAP_REJECT_S,
        )
        bad.insert(0, (apart, advice))
    elif gap is Gap.WARN:
        poor.insert(0, (apart, tr("She may have moved: take the pair again if there is time.")))
    keep, said = not bad, bad or poor
    words = tr("Keep")
    if said:
        first = said[0][0]
        words = tr("Keep, with care: {reason}", reason=first) if keep else tr("Retake: {reason}", reason=first)
    reasons = tuple(f"{_capital(what)}. {advice}".rstrip() for what, advice in (*bad, *poor))
    return PairVerdict(keep, words, reasons, gap, gap_s, quality, registration)


def _of(quality: Mapping[str, Quality], verdict: Verdict) -> list[tuple[str, str]]:
    """What is wrong, and what to do, of those with this verdict; the pair as a whole before its pictures."""
    found = []
    for name in (PAIR, Source.WHITE.value, Source.FLUORESCENCE.value):
        one = quality.get(name)
        if one is None or one.verdict is not verdict:
            continue
        live = [_LIVE_ADVICE[problem] for problem in one.problems if problem in _LIVE_ADVICE]
        advice = " ".join(dict.fromkeys(live)) if len(live) == len(one.problems) else one.advice
        where = tr("the pair") if name == PAIR else Source(name).words
        found.append((f"{where}: {_PAIR_WORDS.get(one.problems, one.problem_words)}", advice))
    return found


_PAIR_WORDS: Mapping[tuple[str, ...], str] = {
    ("wrong_pair",): tr("the two pictures could not be put on each other"),
    ("wrong_source",): tr("not in this light"),
    ("identical",): tr("the same picture twice"),
}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
