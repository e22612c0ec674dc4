"""An examination without the window: a simulated device, the keeper, a recorder, and what they have acknowledged."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.kill_parts import libraries
from pfm_desktop.capture.clip_segment import SegmentBytes
from pfm_desktop.capture.recorder import Recorder
from pfm_desktop.capture.source import Format
from pfm_desktop.capture.status import StreamState, StreamStatus
from pfm_desktop.capture.stream import Stream
from pfm_desktop.domain.capture import Light
from pfm_desktop.domain.clip import ClipKind
from pfm_desktop.domain.examination import DEFAULT_PLAN
from pfm_desktop.domain.geometry import Matrix
from pfm_desktop.imaging.pixels import pixels_sha256
from pfm_desktop.services import cases
from pfm_desktop.services.capture import lots, records
from pfm_desktop.services.capture.clips import begin_clip
from pfm_desktop.services.capture.config import DeviceConfig
from pfm_desktop.services.capture.device import Device
from pfm_desktop.services.capture.keeping import Keeper, Lot, LotNews, LotState
from pfm_desktop.services.capture.live import LiveExamination
from pfm_desktop.services.capture.simulated import make_simulated

WIDTH, HEIGHT, RATE = 640, 360, 15.0
SEGMENT_S = 0.5  # shorter than in the program: more of them are acknowledged
SEED = 11
COLOURS = {Light.WHITE: (200, 120, 115), Light.FLUORESCENCE: (8, 110, 40)}
STARTS_S = ENDS_S = 30.0


class FlatFilm:
    """A picture that costs nothing: one colour for each light, brighter to the right."""

    width, height = WIDTH, HEIGHT

    def __init__(self) -> None:
        ramp = np.linspace(0.7, 1.0, WIDTH)[None, :, None]
        self._pictures = {
            light: np.ascontiguousarray(np.broadcast_to(ramp * colour, (HEIGHT, WIDTH, 3)), dtype=np.uint8)
            for light, colour in ((light, np.array(colour)) for light, colour in COLOURS.items())
        }

    def picture(self, light: Light, *, acid_s: float | None, at: float) -> NDArray[np.uint8]:
        """See `services.capture.simulated.Film`."""
        return self._pictures[light]

    def motion(self, at: float) -> Matrix:
        """It does not move."""
        return np.eye(3)


@dataclass(frozen=True)
class Picture:
    """One that was acknowledged: KEPT was told of its lot. `pixels_sha256` is that of the pixels that were taken."""

    visit: str
    id: str
    sha256: str
    pixels_sha256: str

    @property
    def row(self) -> dict[str, Any]:
        """As the worker says it."""
        return {"picture": self.id, "visit": self.visit, "sha256": self.sha256, "pixels": self.pixels_sha256}


@dataclass(frozen=True)
class Part:
    """A segment that was acknowledged: `put` returned."""

    clip: str
    number: int
    frames: int
    sha256: str

    @property
    def row(self) -> dict[str, Any]:
        """As the worker says it."""
        return {"clip": self.clip, "number": self.number, "frames": self.frames, "sha256": self.sha256}


@dataclass
class Told:
    """What was acknowledged and said; `say` is told each acknowledgement, on the thread that gave it."""

    pictures: list[Picture] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    taken: list[Lot] = field(default_factory=list)
    kept: list[Lot] = field(default_factory=list)
    waited: int = 0  # how often the library did not take something at once
    refused: list[str] = field(default_factory=list)  # could not be taken, and that was said
    wrong: list[str] = field(default_factory=list)
    states: list[tuple[float, StreamState]] = field(default_factory=list)
    say: Callable[[Picture | Part], None] = lambda _: None

    def news(self, news: LotNews) -> None:
        """Of the keeper."""
        self.waited += news.state is LotState.WAITING
        if news.state is not LotState.KEPT or news.kept is None:
            return
        self.kept.append(news.lot)
        for one, taken in zip(news.kept.pictures, news.lot.pictures, strict=True):
            made = Picture(news.lot.visit_id, one.id, one.sha256, pixels_sha256(taken.pixels))
            self.pictures.append(made)
            self.say(made)

    def part(self, clip: str, segment: SegmentBytes) -> None:
        """Of the recorder."""
        made = Part(clip, segment.number, segment.frames, hashlib.sha256(segment.data).hexdigest())
        self.parts.append(made)
        self.say(made)

    def state(self, status: StreamStatus) -> None:
        """Of the stream."""
        self.states.append((time.monotonic(), status.state))


class Work:
    """An examination of a new visit in the library at `folder`, from `with` on: live, clock of acid running, and a clip
    being recorded. `camera` and `lamp` are the simulated ones, with their faults."""

    def __init__(self, folder: Path, say: Callable[[Picture | Part], None] = lambda _: None) -> None:
        self.told = Told(say=say)
        self.lib = libraries.opened(folder)
        woman = cases.add_patient(self.lib, identifier=cases.new_id()[:12], family_name="Benchmark")
        self.visit = cases.add_visit(self.lib, woman.id).id
        self._simulated = make_simulated(SEED, rate=RATE, film=FlatFilm())
        self._simulated.start()
        assert self._simulated.lamp is not None
        self.camera, self.lamp = self._simulated.camera, self._simulated.lamp
        lamp = self._simulated.lamp_factory()
        stream = Stream(self._simulated.camera_factory, wanted=Format(WIDTH, HEIGHT, RATE))
        stream.on_status.append(self.told.state)
        config = DeviceConfig(name="Flat", width=WIDTH, height=HEIGHT, rate=RATE)
        self.device = Device(config, stream, lamp=lamp, simulated=self._simulated)
        lamp.open()
        stream.start()
        if stream.wait_for(0.0, STARTS_S) is None:
            raise SystemExit("error: the simulated camera gives nothing")
        self.keeper = Keeper(lambda lot: lots.keep(self.lib, lot), self.told.news)
        self._examine()
        self._record()

    def _examine(self) -> None:
        records.begin(self.lib, self.visit, DEFAULT_PLAN)
        records.start_acid(self.lib, self.visit, datetime.now(UTC))
        found = records.examination(self.lib, self.visit)
        assert found is not None
        self.live = LiveExamination(found, self.device, told=self._took, failed=self.told.refused.append)

    def _took(self, lot: Lot) -> None:
        self.told.taken.append(lot)
        self.keeper.put(lot)

    def _record(self) -> None:
        self.writer = begin_clip(
            self.lib, self.visit, ClipKind.VIDEO, size=(WIDTH, HEIGHT), camera="Flat", began=time.monotonic()
        )

        def put(segment: SegmentBytes) -> None:
            self.writer.put(segment)
            self.told.part(self.writer.clip.id, segment)

        self.recorder = Recorder(put, segment_s=SEGMENT_S, began=self.writer.began)
        self._let_go = self.device.stream.add_sink(self.recorder.take)

    def comes_again(self, since: float) -> float | None:
        """Seconds from `since` (`time.monotonic`) to the first frame after it; None for none in time."""
        frame = self.device.stream.wait_for(since, STARTS_S)
        return None if frame is None else max(0.0, frame.at - since)

    def end(self) -> list[str]:
        """As the program does it at the end of an examination, with room and time; what went wrong, in words."""
        wrong = [] if self.live.settle(ENDS_S) else ["something that was asked for is taken for ever"]
        wrong += [] if self.keeper.settle(ENDS_S) else [f"not kept in the end: {self.keeper.problem}"]
        self._let_go()
        made = self.recorder.stop(ENDS_S)
        if made.segments != len(self.told.parts):
            wrong.append(f"{made.segments} segments are said to be kept, {len(self.told.parts)} were acknowledged")
        if made.problem:
            wrong.append(f"the recording ended by itself: {made.problem}")
        self.writer.finish(made)
        self.live.stop()
        self.keeper.stop()
        self.device.stop()
        self.lib.close()
        return wrong


class Escaped(logging.Handler):
    """Within `with`: exceptions that reached the end of a thread, and those that only the log was told of."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []
        self._hook = threading.excepthook

    def emit(self, record: logging.LogRecord) -> None:
        """Of the log."""
        error = record.exc_info[1] if record.exc_info else None
        self.said.append(f"{record.getMessage()} ({error!r})")

    def __enter__(self) -> Escaped:
        logging.getLogger("pfm_desktop").addHandler(self)
        threading.excepthook = lambda args: self.said.append(f"a thread ended with {args.exc_value!r}")
        return self

    def __exit__(self, *_: object) -> None:
        threading.excepthook = self._hook
        logging.getLogger("pfm_desktop").removeHandler(self)
