"""How a place whitened, in words. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.timeline import clock_text

if TYPE_CHECKING:
    from pfm_desktop.domain.examination import Whitening
    from pfm_desktop.services.capture.following import MapShown

SEARCHING = tr("Looking at the frames that were recorded after acetic acid ...")
NO_CLIP = tr(
    "Whitening is followed by itself once the clock of acetic acid runs. Nothing was followed in this visit yet."
)
CHOOSE = tr("Click on the cervix, or draw round a place, to see how it whitened.")
CHOOSE_NORMAL = tr("Now click on normal pink tissue: the whitening of the place is told against it.")
SUGGESTED = tr(
    "Drawn in dashes: tissue near it that did not whiten. Look whether it is normal, or click on other tissue."
)
NO_NORMAL = tr("No tissue near it stayed as it was: click on normal tissue yourself.")
ON_RECORD = tr("Places on record")
OTHER_CLIP = tr("It was measured in another recording: its place is seen in the report.")
KEEPING = tr("It is being put on record, with its maps ...")
KEPT = tr("The whitening of this place is on record.")
CLIPPED = tr("Part of this place is overexposed: it whitened by more than this says.")
CLIPPED_SHARE = 0.15
LATE = tr("Followed from {at} after acid on only: what had whitened by then is not in it.")
MAPS = (("", tr("No map")), ("peak", tr("Map: most whitening")), ("persistence", tr("Map: how long it stayed white")))


_SHOWS = {"dL*": tr("most whitening"), "s": tr("stayed white")}  # by the unit of a map


@dataclass(frozen=True)
class MapLegend:
    """What stands on the picture with a map over it: `title`, and the words of both ends of its colours."""

    title: str
    low: str
    high: str

    @property
    def words(self) -> str:
        """For the screen reader: `most whitening: 0 to 15 dL*`."""
        return f"{self.title}: {self.low} to {self.high}"


def legend_of(shown: MapShown | None) -> MapLegend | None:
    """Of a map over the first frame; None without one."""
    if shown is None:
        return None
    return MapLegend(_SHOWS.get(shown.unit, tr("whitening")), "0", f"{shown.high:g} {shown.unit}")


def summary(one: Whitening) -> str:
    """`From 0:09, most 11.2 (dL*) at 0:58, half at 2:10, against normal tissue`."""
    if one.peak is None:
        return tr("No whitening so far ({frames} frames).", frames=len(one.seconds))
    onset = tr("from {at}", at=_at(one.onset_s)) if one.onset_s is not None else tr("from the beginning or before")
    faded = tr("half of it at {at}", at=_at(one.half_s)) if one.half_s is not None else tr("not faded to half so far")
    against = tr("against normal tissue") if one.against_normal is not None else tr("against its own start")
    return tr(
        "Whitens {onset}, most dL* {peak:.1f} at {at}, {faded}; {against}.",
        onset=onset,
        peak=one.peak,
        at=_at(one.peak_s),
        faded=faded,
        against=against,
    )


def kept_text(number: int, one: Whitening) -> str:
    """`1: most dL* 11.2 at 0:58, against normal tissue`, numbered as in the report."""
    if one.peak is None:
        return tr("{number}: no whitening", number=number)
    most = {"number": number, "peak": one.peak, "at": _at(one.peak_s)}
    if one.against_normal is None:
        return tr("{number}: most dL* {peak:.1f} at {at}", **most)
    return tr("{number}: most dL* {peak:.1f} at {at}, against normal tissue", **most)


def caution(one: Whitening) -> str:
    """What makes it less sure; "" for nothing."""
    late = LATE.format(at=_at(one.late_s)) if one.late_s is not None else ""
    clipped = CLIPPED if one.facts.get("clipped", 0.0) > CLIPPED_SHARE else ""
    return " ".join(part for part in (late, clipped) if part)


def _at(seconds: float | None) -> str:
    """Rounded, as the report says it."""
    return clock_text(None if seconds is None else round(seconds))


def followed_words(frames: int, refused: int) -> str:
    """How many frames there are."""
    if not refused:
        return tr("{frames} frames", frames=frames)
    return tr(
        "{frames} frames, {refused} left out as they could not be laid over the first", frames=frames, refused=refused
    )


def marks(one: Whitening) -> tuple[tuple[float, float], ...]:
    """Onset and peak as points of the curve: seconds and dL*."""
    found = ((one.onset_s, 0.0), (one.peak_s, one.peak or 0.0))
    return tuple((at, value) for at, value in found if at is not None)
