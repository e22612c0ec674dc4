"""A page before a device that is not there: its frames come when a test says so, and its clock is the test's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.capture.source import Format, Frame
from pfm_desktop.capture.status import StreamState, StreamStatus
from pfm_desktop.domain.capture import Acquisition, Gap, Light
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.gui.pages.capture import examining, recording
from pfm_desktop.gui.pages.capture.page import CapturePage
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.undo import Undo
from pfm_desktop.jobs import wait_for_threads
from pfm_desktop.services import cases
from pfm_desktop.services.capture import config as devices
from pfm_desktop.services.capture import keeping, lots
from pfm_desktop.services.capture.config import DeviceConfig, Kind
from pfm_desktop.services.capture.live import Exposed
from pfm_desktop.services.capture.verdict import PairVerdict
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.settings import Settings
from pfm_desktop.viewmodels.meters import LiveMeters
from pfm_desktop.viewmodels.session import Session

from ..conftest import picture_bytes

WIDTH, HEIGHT = 64, 36
PATIENCE_MS = 10_000
CONFIG = DeviceConfig(name="Fake 1", kind=Kind.SWITCHED, camera="usb:7", lamp="fake:2", width=WIDTH, height=HEIGHT)


class Clock:
    """Stands for the module `time` where the page asks how late it is."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        """As it really is, and what a test let pass."""
        return time.monotonic() + self.ahead


class FakeStream:
    """A `capture.stream.Stream` whose frames are pushed by hand."""

    def __init__(self, clock: Clock) -> None:
        self.on_status: list[Callable[[StreamStatus], None]] = []
        self.status = StreamStatus(StreamState.LIVE, "", Format(WIDTH, HEIGHT, 30.0), rate=30.0)
        self.sinks: list[Callable[[Frame], None]] = []
        self._clock, self._there = clock, threading.Condition()
        self._frames: list[Frame] = []
        self._over = False
        self.stopped = False

    def push(self, shade: int = 90) -> Frame:
        """A frame comes, of one colour."""
        pixels = np.full((HEIGHT, WIDTH, 3), (shade, shade // 2, shade // 2), np.uint8)
        with self._there:
            frame = Frame(pixels, self._clock.monotonic(), len(self._frames))
            self._frames.append(frame)
            self._there.notify_all()
        for sink in tuple(self.sinks):
            sink(frame)
        return frame

    def becomes(self, state: StreamState, text: str, *, note: str = "") -> None:
        """How it fares."""
        self.status = StreamStatus(state, text, Format(WIDTH, HEIGHT, 30.0), note=note)
        for listener in self.on_status:
            listener(self.status)

    def latest(self) -> Frame | None:
        return self._frames[-1] if self._frames else None

    def wait_for(self, after: float, timeout: float) -> Frame | None:
        def found() -> Frame | None:
            return next((one for one in self._frames if one.at > after), None)

        with self._there:
            self._there.wait_for(lambda: self._over or found() is not None, timeout)
            return None if self._over else found()

    def add_sink(self, sink: Callable[[Frame], None]) -> Callable[[], None]:
        self.sinks.append(sink)
        return lambda: self.sinks.remove(sink)

    def stop(self) -> None:
        self.stopped = True
        with self._there:
            self._over = True
            self._there.notify_all()


@dataclass
class FakeDevice:
    """See `gui.pages.capture.open_device.OpenDevice`. `hold` keeps it from taking, `broken` is why it cannot."""

    config: DeviceConfig
    stream: FakeStream
    hold: threading.Event = field(default_factory=threading.Event)
    broken: Exception | None = None
    acid: bool = False
    acid_since: float | None = None
    second: FakeStream | None = None
    tell: Callable[[str], None] | None = None
    lamp_problem: str = ""
    darks: int = 0
    asked: list[bool] = field(default_factory=list)  # of each that was taken, whether it was a pair

    def take(self, *, pair: bool) -> tuple[Exposed, ...]:
        self.asked.append(pair)
        assert self.hold.wait(20)
        if self.broken is not None:
            raise self.broken
        white = self.stream.push(100 + len(self.asked))
        if not pair:
            return (self.exposed(white),)
        glow = Frame(white.pixels[:, :, ::-1].copy(), white.at + 0.25, white.number + 1)
        lit = Acquisition(self.config.name, Light.FLUORESCENCE, exposure_ms=300.0, gap_s=0.25, excitation_nm=405.0)
        shot = self.exposed(white)
        how = Acquisition(self.config.name, Light.WHITE, exposure_ms=10.0, gap_s=-0.25)
        return Exposed(shot.frame, Source.WHITE, how), Exposed(glow, Source.FLUORESCENCE, lit)

    def exposed(self, frame: Frame) -> Exposed:
        return Exposed(frame, Source.WHITE, Acquisition(self.config.name, Light.WHITE, exposure_ms=10.0))

    def follow_acid(self, since: float | None) -> None:
        self.acid, self.acid_since = since is not None, since

    def lit_white(self, _frame: Frame) -> bool:
        return True

    def take_dark(self) -> object:
        self.darks += 1
        return object()

    def stop(self) -> None:
        self.stream.stop()

    @property
    def light(self) -> Light | None:
        return Light.WHITE


class Room:
    """The devices that were opened, and what a test lets happen."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.devices: list[FakeDevice] = []
        self.refuses: Exception | None = None

    def open(self, config: DeviceConfig) -> FakeDevice:
        """As `services.capture.device.open_device`."""
        if self.refuses is not None:
            raise self.refuses
        made = FakeDevice(config, FakeStream(self.clock))
        made.hold.set()
        made.stream.push()
        self.devices.append(made)
        return made

    @property
    def device(self) -> FakeDevice:
        """The one that was opened last."""
        return self.devices[-1]


def women(lib: Library) -> dict[str, str]:
    """Adler with a visit before and one of today, Brandt with one of today; the ids of the visits."""
    found = {}
    for number, name in enumerate(("Adler", "Brandt")):
        patient = cases.add_patient(lib, identifier=f"K-{number}", family_name=name, given_name="Anna")
        if name == "Adler":
            before = cases.add_visit(lib, patient.id)
            cases.add_picture(lib, before.id, picture_bytes(3), stage=Stage.ACETIC_ACID, name="before.png")
        found[name] = cases.add_visit(lib, patient.id).id
    return found


@pytest.fixture
def clinic(tmp_path: Path, library_from: Callable[..., dict[str, str]]) -> tuple[Path, dict[str, str]]:
    return tmp_path / "clinic", library_from(tmp_path / "clinic", women)


@pytest.fixture
def session(clinic: tuple[Path, dict[str, str]]) -> Iterator[Session]:
    with Library.open(clinic[0]) as lib:
        yield Session(lib, Settings(reader="Dr. Test"))


@pytest.fixture
def visits(clinic: tuple[Path, dict[str, str]]) -> dict[str, str]:
    """The visit of each woman, by her family name."""
    return clinic[1]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No picture is measured here, and a library that refuses is asked again at once."""
    verdict = PairVerdict(True, "Keep", (), Gap.GOOD, 0.25)
    monkeypatch.setattr(lots, "judge_with", lambda _device: lambda _lot: verdict)
    monkeypatch.setattr(LiveMeters, "read", lambda _self, _pixels, look_for_cervix: ())
    monkeypatch.setattr(keeping, "PAUSES_S", (0.005,))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in (examining, recording):
        monkeypatch.setattr(module, "time", made)
    monkeypatch.setattr(examining, "moment_now", lambda: datetime.now(UTC) + timedelta(seconds=made.ahead))
    return made


@pytest.fixture
def room(clock: Clock) -> Room:
    devices.save(CONFIG)
    return Room(clock)


@pytest.fixture
def undo(session: Session) -> Iterator[Undo]:
    made = Undo(session)
    yield made
    made.detach()


@pytest.fixture
def refused(session: Session) -> list[str]:
    """Problems that the session said."""
    found: list[str] = []
    session.on_problem.append(lambda problem: found.append(str(problem)))
    return found


@pytest.fixture
def heard(nobody: CapturePage) -> list[str]:
    """What the page said."""
    found: list[str] = []
    nobody.said.connect(found.append)
    return found


@pytest.fixture
def nobody(
    qtbot: QtBot, session: Session, room: Room, undo: Undo, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CapturePage]:
    """The page with no visit open, its camera live. Keys may follow each other as quickly as a test likes."""
    monkeypatch.setattr("pfm_desktop.gui.pages.capture.page.SOON_MS", 0)
    monkeypatch.setattr("pfm_desktop.gui.pages.capture.page.BOUNCE_S", 0.0)
    jobs = QtJobs()
    made = CapturePage(session, jobs, open_device=room.open)
    qtbot.addWidget(made)
    made.resize(1250, 700)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    made.entered()
    qtbot.waitUntil(lambda: made.idle and (made.view.shown is not None or made.examining.device is None))
    yield made
    for device in room.devices:
        device.hold.set()
        device.broken = None
    made.detach()
    jobs.wait_all(10)
    assert wait_for_threads(10)
    assert all(device.stream.stopped for device in room.devices), "a camera is held"


@pytest.fixture
def page(nobody: CapturePage, session: Session, visits: dict[str, str]) -> CapturePage:
    """The page on the visit of Adler."""
    assert session.open_visit(visits["Adler"])
    return nobody


@pytest.fixture
def settle(qtbot: QtBot, nobody: CapturePage) -> Callable[[], None]:
    """Wait until what was taken is in the library and shown."""

    def settled() -> None:
        qtbot.waitUntil(lambda: nobody.idle, timeout=PATIENCE_MS)
        QApplication.processEvents()  # what was said at last

    return settled


@pytest.fixture
def press(qtbot: QtBot, nobody: CapturePage, settle: Callable[[], None]) -> Callable[..., None]:
    """Press keys where the keys are, each once what the one before asked for is done."""

    def pressed(*keys: Qt.Key) -> None:
        for key in keys:
            qtbot.keyClick(keys_of(nobody), key)
            settle()

    return pressed


def keys_of(page: CapturePage) -> QWidget:
    """Where the keys are."""
    there = page.window().focusWidget()
    assert there is not None
    return there


@pytest.fixture
def passes(room: Room, nobody: CapturePage, settle: Callable[[], None]) -> Callable[[float], None]:
    """`passes(seconds)`: so much time passes, and the page looks at the clock."""

    def let(seconds: float) -> None:
        room.clock.ahead += seconds
        nobody.examining._tick.timeout.emit()
        settle()

    return let


@pytest.fixture
def taken(session: Session) -> Callable[[], list[tuple[str, float | None]]]:
    """Pictures on disk of the visit on the desk: stage, and seconds since acid (whole)."""

    def on_disk() -> list[tuple[str, float | None]]:
        assert session.case is not None
        case = cases.visit_case(session.library, session.case.visit.id)
        return [(one.stage.value, _whole(one.seconds_since_acid)) for one in case.pictures]

    return on_disk


def _whole(seconds: float | None) -> float | None:
    return None if seconds is None else float(round(seconds))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """`disk.full`: whether the library takes no picture."""
    made, keep = SimpleNamespace(full=False, tries=0), lots.keep

    def refusing(lib: Library, lot: Any) -> Any:
        made.tries += 1
        if made.full:
            raise StorageError("the disk is full", safe="the pictures are held", remedy="free some space")
        return keep(lib, lot)

    monkeypatch.setattr(lots, "keep", refusing)
    return made
