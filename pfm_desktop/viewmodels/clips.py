"""The clips of a visit as they are listed and looked through. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.domain.clip import ClipKind
from pfm_desktop.domain.source import Stage
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.timeline import clock_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pfm_desktop.domain.case import Picture
    from pfm_desktop.domain.clip import Clip

NONE = tr("No clip in this visit yet. R records one.")
VIDEOS = (("mjpg", tr("MJPG video (*.avi)"), ".avi"), ("ffv1", tr("FFV1 video, without loss (*.mkv)"), ".mkv"))


@dataclass(frozen=True)
class ClipRow:
    """A line of the list."""

    clip_id: str
    text: str


def row_of(clip: Clip) -> ClipRow:
    """Kind, when, how long, and what is missing."""
    kind = tr("Whitening") if clip.kind is ClipKind.WHITENING else tr("Clip")
    at = clip.seconds_since_acid
    when = f"{clip.started_at.astimezone():%H:%M:%S}" if at is None else tr("{time} after acid", time=clock_text(at))
    if not clip.closed:
        return ClipRow(clip.id, f"{kind}, {when}, " + tr("being recorded"))
    short = "" if clip.complete else ", " + tr("cut short")
    frames = tr("{frames} frames", frames=clip.frames)
    return ClipRow(clip.id, f"{kind}, {when}, {clip.seconds:.0f} s, {frames}{short}")


def file_name(clip: Clip) -> str:
    """What a video of it is called where nobody says otherwise: `clip 2026-11-29 14.02.11.avi`."""
    at = clip.started_at.astimezone()
    return f"clip {at:%Y-%m-%d} {at:%H.%M.%S}.avi"


def with_ending(path: Path, suffix: str) -> Path:
    """The file with the ending of its kind: in place of that of another kind, else after what was typed."""
    endings = {ending for _coding, _text, ending in VIDEOS}
    return path.with_suffix(suffix) if path.suffix.lower() in endings else path.with_name(path.name + suffix)


def place_text(seconds: float, total: float, since_acid: float | None) -> str:
    """Where in a clip one is."""
    said = tr("{seconds:.1f} of {total:.1f} s", seconds=seconds, total=total)
    return said if since_acid is None else f"{said}, " + tr("{time} after acid", time=clock_text(since_acid))


def stage_at(at: datetime, since_acid: float | None, pictures: Iterable[Picture]) -> Stage:
    """The stage that a white-light frame of a clip has that was taken `at` that moment (aware), which may be changed:
    one of Lugol's iodine where a picture of the visit was before."""
    if any(one.stage is Stage.LUGOL and one.time_known and one.taken_at <= at for one in pictures):
        return Stage.LUGOL
    return Stage.SALINE if since_acid is None else Stage.ACETIC_ACID
