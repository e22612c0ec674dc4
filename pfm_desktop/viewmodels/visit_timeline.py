"""The pictures and clips of a visit on one line of time: what was when, how long after acetic acid, and what is not
known. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

from pfm_desktop.domain.source import TIMED, Stage
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA

if TYPE_CHECKING:
    from pfm_desktop.domain.case import Picture
    from pfm_desktop.domain.clip import Clip

BEFORE = tr("Before acetic acid")
AFTER = tr("After acetic acid")
LUGOL = tr("Lugol's iodine")
FILTERED = tr("Green filter")
CLIPS = tr("Clips")
DIFFER = tr("Stage and time differ")
UNKNOWN = tr("Time not known")
LEAST_GAP_S = 5.0  # seconds; the two pictures of a pair are nearer to each other and stand together
SLACK_S = 5.0  # seconds by which the clock may contradict the stage before that is said
_ORDER = tuple(Stage)
_BEFORE_ACID = (Stage.SALINE, Stage.FLUORESCENCE_BEFORE_ACID)


@dataclass(frozen=True)
class Place:
    """A picture or a clip where it stands on the line.

    `since_acid`: seconds since acetic acid (below 0 before it), None where that is not known; `reckoned`: by the clock,
    as it is not on record of the picture itself. `group`: the part of the examination, `first`: it begins here.
    `gap_s`: seconds between the end of what stands before it and this, None where that cannot be told.
    """

    picture: Picture | None
    clip: Clip | None = None
    since_acid: float | None = None
    reckoned: bool = False
    group: str = UNKNOWN
    first: bool = False
    gap_s: float | None = None


def arranged(
    pictures: Sequence[Picture], clips: Sequence[Clip] = (), acid_at: datetime | None = None
) -> tuple[Place, ...]:
    """All of them from left to right; `acid_at` (aware) is when acetic acid was applied, where that is on record.

    In order of time, by the seconds since acetic acid that a picture carries or by the clock. Where no picture joins
    the two the clock comes first for what belongs before acetic acid, then the seconds, then the rest of the clock.
    Pictures of which neither is known stand last, in the order of the stages: nobody knows their place.
    """
    acid_at = acid_at or _reckoned_acid(pictures)
    places = [_placed(one, acid_at) for one in pictures] + [_placed_clip(one, acid_at) for one in clips]
    known = [place for place in places if _moment(place) is not None or place.since_acid is not None]
    unknown = [place for place in places if _moment(place) is None and place.since_acid is None]
    unknown.sort(key=lambda place: _ORDER.index(place.picture.stage) if place.picture else 0)
    made: list[Place] = []
    for place in (*sorted(known, key=_order), *unknown):
        before = made[-1] if made else None
        group = _group(place, before, made)
        first = before is None or before.group != group
        made.append(replace(place, group=group, first=first, gap_s=_gap(before, place)))
    return tuple(made)


def gap_words(seconds: float | None) -> str:
    """`30 s`, `2 min`, `3 h` between two pictures; "" where they stand together, or where it is not known."""
    if seconds is None or seconds < LEAST_GAP_S:
        return ""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.0f} h"


def when_words(place: Place) -> str:
    """When a picture or clip was taken, as the filmstrip says it: `09:31, 60 s after acid`."""
    moment = _moment(place)
    clock = f"{moment.astimezone():%H:%M}" if moment is not None else ""
    return COMMA.join(part for part in (clock, _since_words(place)) if part)


def acetic(places: Sequence[Place]) -> tuple[tuple[Place, ...], int]:
    """The white-light pictures after acetic acid whose seconds are known, in order, and how many there are whose
    seconds are not known."""
    taken = [place for place in places if place.picture is not None and place.picture.stage is Stage.ACETIC_ACID]
    timed = [place for place in taken if place.since_acid is not None and place.since_acid >= 0]
    return tuple(sorted(timed, key=lambda place: place.since_acid or 0.0)), len(taken) - len(timed)


def _since_words(place: Place) -> str:
    since, picture = place.since_acid, place.picture
    if picture is None:
        return "" if place.clip is None else _clip_words(place.clip, since)
    lit = picture.stage.value.startswith("fluorescence")
    if picture.seconds_since_acid is not None:
        return tr("{seconds:.0f} s after acid", seconds=picture.seconds_since_acid)
    if since is not None and since >= 0:
        return tr("about {seconds:.0f} s after acid", seconds=since)
    if picture.stage in TIMED:
        return tr("after acid, not timed") if lit else tr("not timed")
    return picture.stage.words if lit else ""


def _clip_words(clip: Clip, since: float | None) -> str:
    if not clip.closed:
        return tr("being recorded")
    if since is None or since + clip.seconds < 0:
        return tr("{seconds:.0f} s long", seconds=clip.seconds)
    return tr("{start:.0f} to {end:.0f} s after acid", start=max(0.0, since), end=since + clip.seconds)


def _reckoned_acid(pictures: Sequence[Picture]) -> datetime | None:
    """When acetic acid was applied, by the pictures that carry both the clock and the seconds; the middle one of them,
    as one may have been typed wrong."""
    found = [
        one.taken_at.timestamp() - one.seconds_since_acid
        for one in pictures
        if one.time_known and one.seconds_since_acid is not None
    ]
    if not found:
        return None
    zone = next(one.taken_at.tzinfo for one in pictures if one.time_known)
    return datetime.fromtimestamp(median(found), zone)


def _placed(picture: Picture, acid_at: datetime | None) -> Place:
    if picture.seconds_since_acid is not None:
        return Place(picture, since_acid=picture.seconds_since_acid)
    if picture.time_known and acid_at is not None:
        return Place(picture, since_acid=(picture.taken_at - acid_at).total_seconds(), reckoned=True)
    return Place(picture)


def _placed_clip(clip: Clip, acid_at: datetime | None) -> Place:
    since = clip.seconds_since_acid
    if since is None and acid_at is not None:
        return Place(None, clip, (clip.started_at - acid_at).total_seconds(), reckoned=True)
    return Place(None, clip, since)


def _moment(place: Place) -> datetime | None:
    if place.clip is not None:
        return place.clip.started_at
    picture = place.picture
    return picture.taken_at if picture is not None and picture.time_known else None


def _order(place: Place) -> tuple[int, float]:
    """Seconds since acid where they are known; else the clock, before them or after them as the stage says."""
    if place.since_acid is not None:
        return 1, place.since_acid
    moment = _moment(place)
    before = place.picture is not None and place.picture.stage in _BEFORE_ACID
    return 0 if before else 2, moment.timestamp() if moment is not None else 0.0


def _group(place: Place, before: Place | None, made: Sequence[Place]) -> str:
    if _moment(place) is None and place.since_acid is None:
        return UNKNOWN
    since, picture = place.since_acid, place.picture
    if picture is None or picture.stage is Stage.GREEN:
        return _group_by_time(place, before, made)
    if picture.stage in _BEFORE_ACID:
        return DIFFER if since is not None and since > SLACK_S else BEFORE
    if picture.stage is Stage.LUGOL:
        return LUGOL
    return DIFFER if since is not None and since < -SLACK_S else AFTER


def _group_by_time(place: Place, before: Place | None, made: Sequence[Place]) -> str:
    """Of a clip, and of a green filter, which is used at any time."""
    if any(one.group == LUGOL for one in made):
        return LUGOL
    if place.since_acid is not None:
        ends = place.since_acid + (place.clip.seconds if place.clip is not None else 0.0)
        return BEFORE if ends < 0 else AFTER
    if before is not None and before.group in (BEFORE, AFTER):
        return before.group
    return FILTERED if place.picture is not None else CLIPS


def _gap(before: Place | None, place: Place) -> float | None:
    """Both by their seconds since acid, else both by the clock."""
    if before is None:
        return None
    lasted = before.clip.seconds if before.clip is not None else 0.0
    if before.since_acid is not None and place.since_acid is not None:
        return max(0.0, place.since_acid - before.since_acid - lasted)
    earlier, later = _moment(before), _moment(place)
    if earlier is None or later is None:
        return None
    return max(0.0, (later - earlier - timedelta(seconds=lasted)).total_seconds())
