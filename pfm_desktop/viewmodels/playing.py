"""The player of a sequence: what can be played, what stands on each picture, and how fast it may change. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.clip import ClipKind
from pfm_desktop.domain.registration import NO_STRUCTURE, reason_words
from pfm_desktop.domain.source import Source
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.captions import Caption, Captions
from pfm_desktop.viewmodels.timeline import clock_text
from pfm_desktop.viewmodels.visit_timeline import acetic, arranged
from pfm_desktop.viewmodels.words import capital

if TYPE_CHECKING:
    from pfm_desktop.domain.case import Pair
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.services.playing import Frame, Played, Wanted

UNLIKE_MS = 334  # between unlike pictures: at most three changes a second, half of what WCAG 2.2 (2.3.1) allows
ALIKE_MS = 100  # between pictures that hardly differ, as frames of a clip
CHANGE, AREA = 26, 0.1  # of 255; share of the picture: from which a change of brightness may be a flash
LIMIT = tr("Unlike pictures change at most 3 times a second.")
LOCKED = tr("A sequence is played. Press Esc to go back to the pair first.")
PLAYER = tr("Player: not the pair that is read.")
CHANGED = tr("A picture of the sequence is no longer in this visit: the player was closed.")
NO_PAIR = tr("No picture on the stage.")
NO_ACETIC = tr("No white-light picture after acetic acid in this visit.")
NOT_TIMED = tr("The seconds since acetic acid are not known of any picture: there is no order in which to play them.")
ONE_ONLY = tr("Only one picture has its seconds since acetic acid: there is nothing to play.")
SPEEDS = (
    (0.5, tr("1 in 2 s")),
    (1.0, tr("1 a second")),
    (2.0, tr("2 a second")),
    (3.0, tr("3 a second")),
    (10.0, tr("10 a second")),
)
USUAL, OF_CLIP = 1, 4  # of these
NO_ERROR = 0.05  # pixels: less is said as less, not as none


@dataclass(frozen=True)
class Plan:
    """What is to be played: pictures in order, whole clips, and how many pictures have no known seconds. One clip
    alone: `clip_id`."""

    visit_id: str
    pictures: tuple[Wanted, ...] = ()
    clip_ids: tuple[str, ...] = ()
    untimed: int = 0
    clip_id: str = ""

    @property
    def picture_ids(self) -> frozenset[str]:
        """Those that have to be there."""
        return frozenset(one.picture_id for one in self.pictures)


def acetic_plan(case: VisitCase) -> Plan:
    """The acetic acid sequence of a visit, with the clips of whitening that were recorded after acid."""
    from pfm_desktop.services.playing import Wanted

    places = arranged(case.pictures, case.clips, case.acid_at)
    taken, untimed = acetic(places)
    pictures = tuple(
        Wanted(one.picture.id, since_acid=one.since_acid, reckoned=one.reckoned) for one in taken if one.picture
    )
    clips = tuple(
        one.clip.id
        for one in places
        if one.clip is not None and one.clip.closed and one.clip.kind is ClipKind.WHITENING
        and one.since_acid is not None and one.since_acid + one.clip.seconds >= 0
        and (one.clip.seconds_since_acid is not None or case.acid_at is not None)  # else its frames have no seconds
    )  # fmt: skip
    return Plan(case.visit.id, pictures, clips, untimed)


def why_not(case: VisitCase | None, pair: Pair | None) -> str:
    """Why there is no acetic acid sequence to play; "" when there is one."""
    if case is None or pair is None or pair.visit_id != case.visit.id:
        return NO_PAIR
    plan = acetic_plan(case)
    if plan.clip_ids or len(plan.pictures) > 1:
        return ""
    if plan.pictures:
        return ONE_ONLY
    return NOT_TIMED if plan.untimed else NO_ACETIC


def still_there(plan: Plan, case: VisitCase | None) -> bool:
    """Whether all that is played is still in the visit."""
    if case is None or case.visit.id != plan.visit_id:
        return False
    clips = {one.id for one in case.clips}
    wanted = {*plan.clip_ids, *([plan.clip_id] if plan.clip_id else [])}
    return plan.picture_ids <= {one.id for one in case.pictures} and wanted <= clips


# ---- how fast


def light_of(pixels: NDArray[np.uint8]) -> NDArray[np.int16]:
    """How bright a picture (H x W x 3 uint8 RGB) is, place by place, small."""
    step = max(1, max(pixels.shape[:2]) // 64)
    return np.asarray(pixels[::step, ::step].mean(axis=2), np.int16)


def unlike(one: NDArray[np.int16] | None, other: NDArray[np.int16]) -> bool:
    """Whether a change from one picture to the other may be seen as a flash; also where that cannot be told."""
    if one is None or one.shape != other.shape:
        return True
    return float((np.abs(one - other) > CHANGE).mean()) > AREA


def wait_ms(since_change_ms: float, *, unlike: bool) -> int:
    """How long to wait with the next picture, so many milliseconds after the last one came."""
    return max(0, round((UNLIKE_MS if unlike else ALIKE_MS) - since_change_ms))


def next_index(index: int, count: int) -> int | None:
    """The next one while it plays; None at the end."""
    return index + 1 if index + 1 < count else None


# ---- words


def captions(played: Played, index: int) -> Captions:
    """What stands on a picture: its seconds, large; which it is; how it lies."""
    frame = played.frames[index]
    place = {"place": index + 1, "count": len(played.frames)}
    where = (
        tr("Picture {place} of {count}", **place)
        if frame.wanted.picture_id
        else tr("Clip, picture {place} of {count}", **place)
    )
    caption = Caption(_title(frame), (where, lies_words(frame), PLAYER), big=big_words(frame))
    return Captions({Source.WHITE: caption}, alone=True)


def big_words(frame: Frame) -> str:
    """`60 s`, or where acetic acid was not on the time in the clip."""
    wanted = frame.wanted
    if wanted.since_acid is None:
        return clock_text(wanted.at)
    if wanted.reckoned:
        return tr("about {seconds:.0f} s", seconds=wanted.since_acid)
    return f"{wanted.since_acid:.0f} s"


def _title(frame: Frame) -> str:
    since = frame.wanted.since_acid
    if since is None:
        return tr("of the clip")
    return tr("before acetic acid") if since < 0 else tr("after acetic acid")


def lies_words(frame: Frame) -> str:
    """How it lies on the first one."""
    registration = frame.registration
    error = None if registration is None else registration.error_px
    within = ""
    if error is not None:
        within = f"{error:.1f} px" if error >= NO_ERROR else _UNDER
    if frame.lies.value == "aligned" and not within:
        return _ALIGNED
    return _LIES[frame.lies.value].format(error=within or _UNKNOWN, why=_OWN_WORDS.get(frame.why, frame.why))


_LIES = {
    "first": tr("The first, all others are laid on it"),
    "aligned": tr("Aligned with the first, {error}"),
    "check": tr("Check: aligned only in part, {error}"),
    "not": tr("NOT ALIGNED: {why}"),
    "as_taken": tr("As recorded, not aligned"),
}
_ALIGNED, _UNKNOWN = tr("Aligned with the first"), tr("error not known")
_UNDER = tr("under {error} px", error=2 * NO_ERROR)
# of registrations, whose first picture is that in white light
_OWN_WORDS = {
    reason_words(NO_STRUCTURE[0]): tr("the first picture shows no structure"),
    reason_words(NO_STRUCTURE[1]): tr("this one shows no structure"),
}


def summary(plan: Plan, played: Played) -> str:
    """What the bar says of the whole."""
    loose = sum(frame.lies.value == "not" for frame in played.frames)
    check = sum(frame.lies.value == "check" for frame in played.frames)
    said = [PLAYER]
    if loose:
        said.append(tr("{count} of {all} not aligned: shown as taken.", count=loose, all=len(played.frames)))
    if check:
        said.append(tr("%n to be checked.", "", check))
    if plan.untimed:
        said.append(tr("%n picture(s) without known seconds left out.", "", plan.untimed))
    return " ".join((*said, *map(capital, played.left_out), LIMIT))
