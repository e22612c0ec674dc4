"""Pictures that a device saves into a folder, on their way into a visit: found, read, looked at, and whose they are.

Nothing in the folder is ever changed, moved or deleted.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.capture.folder import WatchedFolder
from pfm_desktop.capture.source import Frame
from pfm_desktop.domain.capture import GAP_REJECT_S, Acquisition, Light
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.compose import fit
from pfm_desktop.imaging.exif import Exif, read_exif
from pfm_desktop.imaging.io import BYTE_LIMIT, decode_picture
from pfm_desktop.imaging.pixels import pixels_sha256
from pfm_desktop.imaging.quality import light_of
from pfm_desktop.services.capture.keeping import PictureFile
from pfm_desktop.services.capture.live import Exposed
from pfm_desktop.services.capture.times import Times
from pfm_desktop.services.importing.dates import ExifTime, parsed_exif
from pfm_desktop.support.errors import MemoryFullError, UserError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.jobs import Context
    from pfm_desktop.services.capture.config import DeviceConfig

log = logging.getLogger(__name__)
MOST = 3  # files that are read in one look: each is large
TRIES = 5  # looks in which a file is tried that cannot be read
LATE_S = 120.0  # so long after it was taken a picture may appear; by more a clock is wrong
SECOND_S = 1.5  # by so much a moment may be off that a file says in whole seconds
SHOWN, LOOKED_AT = 1920, 256  # pixels of the longer side of what is shown, and of what the colours are looked at in


@dataclass(frozen=True)
class Found:
    """A new file. It appeared between `absent_at` and `seen_at`, seconds of `time.monotonic`."""

    path: Path
    absent_at: float
    seen_at: float

    @property
    def name(self) -> str:
        """As it can be kept and shown: what is no UTF-8 in it is marked."""
        return os.fsencode(self.path.name).decode("utf-8", "replace")


@dataclass(frozen=True, eq=False)
class Arrived:
    """A file that was read, for the visit that was open when it appeared. `written`: the time of the file, in seconds
    by the clock of who keeps the folder; `surely_white`: its colours can only be those of white light."""

    found: Found
    visit_id: str
    exposed: Exposed
    written: float
    surely_white: bool = False

    @property
    def source(self) -> Source:
        """By its colours."""
        return self.exposed.source


@dataclass(frozen=True, eq=False)
class News:
    """Of one look. `away`: why the folder cannot be reached ("": it can). `early` came before the visit was open, or
    while none was, and are taken only when they are asked for; `problems` are for a person; `more`: look again soon."""

    away: str = ""
    arrived: tuple[Arrived, ...] = ()
    early: tuple[Found, ...] = ()
    problems: tuple[str, ...] = ()
    more: bool = False


@dataclass(frozen=True)
class _Queued:
    found: Found
    visit_id: str
    since: float  # what was taken before that is of another visit
    tries: int = 0


class Arrivals:
    """What comes into one folder. `look` runs on one thread at a time, `ask` on any."""

    def __init__(self, folder: Path | str) -> None:
        self._watched = WatchedFolder(folder)
        self._times = Times()
        self._queue: deque[_Queued] = deque()
        self._least: dict[str, float] = {}  # seconds by which a clock lags behind ours at least, by whose it is

    def look(self, _ctx: Context, config: DeviceConfig, visit_id: str, since: float) -> News:
        """As a job. `visit_id`: the visit into which pictures go that were not there yet at `since` (seconds of
        `time.monotonic`); "" where there is none."""
        self._times = Times()  # the computer may have slept, or its clock was set
        early: list[Found] = []
        for path in self._watched.look():
            found = Found(path, *self._watched.came[path])
            if visit_id and found.absent_at >= since:
                self._queue.append(_Queued(found, visit_id, since))
            else:
                early.append(found)
        arrived: list[Arrived] = []
        problems: list[str] = []
        while self._queue and len(arrived) < MOST and not self._watched.away:
            queued = self._queue.popleft()
            try:
                one = self._read(queued, config)
            except OSError as error:
                if queued.tries < TRIES:
                    self._queue.appendleft(replace(queued, tries=queued.tries + 1))
                    break  # the share may be about to go
                problems.append(_left(queued.found, error.strerror or str(error)))
            except (UserError, MemoryError) as error:
                what = error.what if isinstance(error, UserError) else MemoryFullError().what
                problems.append(_left(queued.found, what))
            except Exception:
                log.exception("a picture from a folder could not be read")
                problems.append(_left(queued.found, tr("an unexpected error; it is in the log")))
            else:
                if one.exposed.frame.at < queued.since - SECOND_S:
                    early.append(one.found)
                else:
                    arrived.append(one)
        more = bool(self._queue) and not self._watched.away and not self._queue[0].tries
        return News(self._watched.away, tuple(arrived), tuple(early), tuple(problems), more)

    def ask(self, early: Sequence[Found], visit_id: str) -> None:
        """A person says that these are of this visit: the next looks read them."""
        self._queue.extend(_Queued(one, visit_id, float("-inf")) for one in early)

    def _read(self, queued: _Queued, config: DeviceConfig) -> Arrived:
        found = queued.found
        about = found.path.stat()
        if about.st_size > BYTE_LIMIT:
            raise UserError(tr("it is too large ({size:.1f} GB)", size=about.st_size / 1e9))
        data = found.path.read_bytes()
        pixels = decode_picture(data, found.name).pixels
        exif = read_exif(data)
        own = parsed_exif(ExifTime(exif.taken, exif.offset)) if exif.taken else None
        at = self._moment(found, own, about.st_mtime, asked=queued.since == float("-inf"))
        if own is not None and abs(self._times.monotonic(own) - at) > LATE_S:
            own = None  # the clock of the device is wrong
        height, width = pixels.shape[:2]
        file = PictureFile(data, found.name, width, height, pixels_sha256(pixels), own)
        colours = light_of(fit(pixels, LOOKED_AT))
        source = Source.FLUORESCENCE if colours is Source.FLUORESCENCE else Source.WHITE
        exposed = Exposed(
            Frame(fit(pixels, SHOWN), at, 0), source, _how(config, source, exif), config.mm_at(width, height), file=file
        )
        return Arrived(found, queued.visit_id, exposed, about.st_mtime, colours is Source.WHITE)

    def _moment(self, found: Found, own: datetime | None, written: float, *, asked: bool) -> float:
        """When it was taken, seconds of `time.monotonic`: when it appeared, or as much before that as it was later than
        others of the same clock, whatever that clock shows. `asked`: a person said whose it is."""
        whose = "file" if own is None else "device"
        says = self._times.monotonic(own or datetime.fromtimestamp(written, UTC))
        lag = found.seen_at - says
        least = min(lag, self._least.get(whose, lag))
        if asked and lag - least > LATE_S:
            least = lag  # a person took it for one of now: the clock was set back
        self._least[whose] = least
        return says + least


def as_pair(one: Arrived, other: Arrived) -> tuple[Exposed, Exposed] | None:
    """Both as a pair, white light first; None where they are of the same light, or too far apart to be one.

    The time between them is that which the pictures say, else that of their files.
    """
    if one.source is other.source or one.visit_id != other.visit_id:
        return None
    white, second = (one, other) if one.source is Source.WHITE else (other, one)
    times = [item.exposed.file.taken_at if item.exposed.file is not None else None for item in (white, second)]
    if times[0] is not None and times[1] is not None:
        gap = (times[1] - times[0]).total_seconds()
    else:
        gap = second.written - white.written
    if abs(gap) > GAP_REJECT_S:
        return None
    first = white.exposed
    how = replace(second.exposed.acquisition, gap_s=gap)
    glow = replace(second.exposed, frame=replace(second.exposed.frame, at=first.frame.at + gap), acquisition=how)
    return replace(first, acquisition=replace(first.acquisition, gap_s=-gap)), glow


def through_filter(one: Arrived, config: DeviceConfig) -> Arrived:
    """The same where it was taken in white light through a green filter, whose colours are like fluorescence."""
    how = _how(config, Source.WHITE, Exif())
    return replace(one, exposed=replace(one.exposed, source=Source.WHITE, acquisition=how))


def _how(config: DeviceConfig, source: Source, exif: Exif) -> Acquisition:
    """What the clinic said of the device; what it set itself is not known."""
    lit = config.fluorescence if source is Source.FLUORESCENCE else config.white
    return Acquisition(
        camera=config.name or exif.device,
        light=Light.FLUORESCENCE if source is Source.FLUORESCENCE else Light.WHITE,
        excitation_nm=lit.excitation_nm if source is Source.FLUORESCENCE else None,
        filter=lit.filter,
        polariser=lit.polariser,
    )


def _left(found: Found, why: str) -> str:
    return tr("{file} was not taken in: {why}. It was left where it is.", file=found.name, why=why)
