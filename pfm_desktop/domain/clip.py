"""Moving pictures of a visit, as they are on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ClipKind(StrEnum):
    """What a clip was recorded for."""

    VIDEO = "video"
    WHITENING = "whitening"  # one or two frames a second after acetic acid


@dataclass(frozen=True)
class Segment:
    """A part of a clip; `sha256` names its bytes in the picture store. `first_s`, `last_s`: seconds since the clip
    began, of its first and last frame."""

    number: int
    sha256: str
    frames: int
    first_s: float
    last_s: float


@dataclass(frozen=True)
class Clip:
    """A clip of a visit. `started_at` (aware) and `seconds_since_acid` are those of its beginning; the latter is None
    where acetic acid was not on. `width` x `height` in pixels of its first frame, `seconds` to its last one.

    `complete`: recorded until a person ended it. While it is recorded `content_sha256` is "" (`closed` is false), and
    only its segments tell what is there.
    """

    id: str
    visit_id: str
    kind: ClipKind
    started_at: datetime
    seconds_since_acid: float | None
    camera: str
    width: int
    height: int
    frames: int = 0
    seconds: float = 0.0
    complete: bool = False
    content_sha256: str = ""

    @property
    def closed(self) -> bool:
        """Whether nothing is added to it any more."""
        return bool(self.content_sha256)


@dataclass(frozen=True)
class Moment:
    """A frame of a clip: its number (0 is the first that was kept) and its seconds since the clip began."""

    number: int
    seconds: float
