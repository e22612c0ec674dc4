"""A Review page on a small library, with an engine that answers as it is told and waits when it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QListWidget, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from pfm_desktop.domain.case import Pair
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.prediction import Analysis, Heatmap, ModelInfo, Prediction
from pfm_desktop.domain.quality import Quality, Refusal, Verdict
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import PLACES, Source, Stage
from pfm_desktop.gui.pages.review.page import ReviewPage
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.undo import Undo
from pfm_desktop.imaging.registration import Registration, from_points
from pfm_desktop.imaging.registration.result import refused
from pfm_desktop.jobs import Context
from pfm_desktop.services import cases, review
from pfm_desktop.services.analysis_files import registration_table
from pfm_desktop.storage import answers
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.settings import Settings
from pfm_desktop.viewmodels.session import Session

WIDTH, HEIGHT = 120, 100
BLURRED = Quality(Verdict.UNUSABLE, ("out_of_focus",), "Focus on the os, hold still, retake.")
MODEL = ModelInfo("pfm-test", "1", "ab" * 32, PLACES, "T0", "channel", 224)


@dataclass(frozen=True, eq=False)
class Pictures:
    """As `services.engine.PairPictures`."""

    pair: Pair
    white: np.ndarray | None
    fluorescence: np.ndarray | None
    registration: Registration | None
    mm_per_px: float | None
    second: Source = Source.FLUORESCENCE


@dataclass(frozen=True, eq=False)
class Answer:
    """As `services.engine.PairAnswer`."""

    pair_id: str
    analysis: Analysis
    registration: Registration | None
    from_library: bool = False


@dataclass
class FakeEngine:
    """Stands for `services.engine`. A visit or step in `held` waits for its event; one in `broken` fails."""

    held: dict[str, threading.Event] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    refuse_registration: bool = False
    refuse_answer: bool = False  # the white-light picture is out of focus
    stranger: bool = False  # loads pictures of a visit that nobody asked about
    points: Any = None
    quality: Quality = field(default_factory=lambda: Quality(Verdict.GOOD))  # of the white-light picture

    def load_pair(self, _ctx: object, lib: Library, pair_id: str) -> Pictures:
        pair = _pair(lib, pair_id)
        self._step("load", pair)

        def pixels(picture_id: str | None) -> np.ndarray | None:
            return None if picture_id is None else cases.load_picture(lib, picture_id)

        shown = replace(pair, visit_id="somebody else") if self.stranger else pair
        with lib.read() as session:
            other = stored.picture(session, pair.fluorescence_id) if pair.fluorescence_id else None
        second = (other.second if other is not None else None) or Source.FLUORESCENCE
        return Pictures(shown, pixels(pair.white_id), pixels(pair.fluorescence_id), None, 0.02, second)

    def aligned(self, ctx: Context, lib: Library, pictures: Pictures) -> Pictures:
        self._step("align", pictures.pair)
        ctx.check()
        kept = answers.registration(lib, pictures.pair.id)
        found = Registration.from_bytes(kept.data) if kept is not None else self._registration()
        return replace(pictures, registration=found)

    def answer_pair(self, ctx: Context, lib: Library, pictures: Pictures, model: str) -> Answer:
        self.models.append(model)
        self._step("answer", pictures.pair)
        ctx.check()
        both = pictures.white is not None and pictures.fluorescence is not None
        kept = answers.registration(lib, pictures.pair.id)
        known = Registration.from_bytes(kept.data) if kept is not None else pictures.registration
        registration = (known or self._registration()) if both else None
        analysis = Analysis(
            model=replace(MODEL, name=model),
            quality={"white": BLURRED if self.refuse_answer else self.quality},
            registration=registration.summary() if registration else None,
            prediction=None if self.refuse_answer else prediction(),
            refused=Refusal("The white-light picture is out of focus", "Retake it") if self.refuse_answer else None,
            frame=Source.WHITE if pictures.white is not None else Source.FLUORESCENCE,
            heatmaps={} if self.refuse_answer else {kind: heatmap() for kind in ("fused", "white", "fluorescence")},
        )
        return Answer(pictures.pair.id, analysis, registration)

    def register_again(
        self, _ctx: object, lib: Library, pictures: Pictures, white: Any = None, fluorescence: Any = None
    ) -> tuple[Registration, Change]:
        self._step("register", pictures.pair)
        self.points = None if white is None else (white, fluorescence)
        size = (WIDTH, HEIGHT)
        by_hand = white is not None
        found = (
            from_points(white, fluorescence, white_size=size, fluorescence_size=size)
            if by_hand
            else self._registration()
        )
        change = answers.replace_registration(
            lib, pictures.pair.id, summary=registration_table(found.summary()), data=found.to_bytes(), by_hand=by_hand
        )
        return found, change

    def _registration(self) -> Registration:
        size = (WIDTH, HEIGHT)
        if self.refuse_registration:
            return refused("too little overlap", size, size)
        shift = np.array([[1.0, 0, 6], [0, 1, 4], [0, 0, 1]])
        return Registration(RegistrationStatus.OK, 0.8, shift, np.zeros((2, 2, 2), np.float32), size, size)

    def _step(self, name: str, pair: Pair) -> None:
        self.calls.append((name, pair.visit_id))
        for key in (name, f"{name} {pair.visit_id}"):
            if key in self.held:
                assert self.held[key].wait(20)
            if key in self.broken:
                raise BadInputError(self.broken[key])


def prediction() -> Prediction:
    probabilities = {Grade.NORMAL: 0.1, Grade.LOW: 0.2, Grade.HIGH: 0.6, Grade.CANCER: 0.1}
    return Prediction(
        grade=Grade.HIGH,
        probabilities=probabilities,
        spread=dict.fromkeys(probabilities, 0.03),
        prediction_set=(Grade.HIGH,),
        indeterminate=False,
        evidence={Source.WHITE: 0.4, Source.FLUORESCENCE: 0.6},
        single_source={},
        sources=PLACES,
    )


def heatmap() -> Heatmap:
    """Hot in the right half."""
    values = np.zeros((10, 12), np.float32)
    values[:, 6:] = 1.0
    return Heatmap(values, "test")


def _pair(lib: Library, pair_id: str) -> Pair:
    with lib.read() as rows:
        pair = stored.pair(rows, pair_id)
    assert pair is not None
    return pair


def picture(colour: tuple[int, int, int], seed: int) -> bytes:
    """A PNG of one colour with a little noise, so that no two are the same."""
    noise = np.random.default_rng(seed).integers(0, 6, (HEIGHT, WIDTH, 3))
    out = BytesIO()
    Image.fromarray((np.array(colour) + noise).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


RED, GREEN, BLUE = (200, 40, 40), (20, 120, 60), (30, 40, 200)


@dataclass(frozen=True)
class Clinic:
    """Visits by name, of two women: Adler was here twice."""

    lib: Library
    adler: str
    adler_before: str
    brandt: str  # white light only
    empty: str


def _visit(lib: Library, patient_id: str, days: int, pictures: tuple[tuple[Stage, tuple[int, int, int]], ...]) -> str:
    at = datetime(2026, 11, 20, 9, tzinfo=UTC) - timedelta(days=days)
    visit = cases.add_visit(lib, patient_id, started_at=at)
    for number, (stage, colour) in enumerate(pictures):
        data = picture(colour, 100 * days + number)
        cases.add_picture(lib, visit.id, data, stage=stage, taken_at=at + timedelta(seconds=number), name="p.png")
    return visit.id


@pytest.fixture
def clinic(tmp_path: Path, library_from: Callable[..., dict[str, str]]) -> Iterator[Clinic]:
    visits = library_from(tmp_path / "library", _two_women)
    with Library.open(tmp_path / "library") as lib:
        yield Clinic(lib, **visits)


def _two_women(lib: Library) -> dict[str, str]:
    adler = cases.add_patient(lib, identifier="P-1", family_name="Adler", given_name="Anna")
    brandt = cases.add_patient(lib, identifier="P-2", family_name="Brandt", given_name="Berta")
    both = ((Stage.ACETIC_ACID, RED), (Stage.FLUORESCENCE_AFTER_ACID, GREEN))
    return {
        "adler": _visit(lib, adler.id, 0, (*both, (Stage.LUGOL, BLUE))),
        "adler_before": _visit(lib, adler.id, 400, both),
        "brandt": _visit(lib, brandt.id, 1, ((Stage.ACETIC_ACID, BLUE),)),
        "empty": _visit(lib, brandt.id, 2, ()),
    }


@pytest.fixture
def session(clinic: Clinic) -> Session:
    return Session(clinic.lib, Settings(reader="Dr. Test"))


@pytest.fixture
def problems(session: Session) -> list[str]:
    """What was said to the user."""
    said: list[str] = []
    session.on_problem.append(lambda problem: said.append(str(problem)))
    return said


@pytest.fixture
def taken_back(session: Session) -> list[str]:
    """What was said and is no longer so."""
    over: list[str] = []
    session.on_taken_back.append(lambda problem: over.append(str(problem)))
    return over


@pytest.fixture
def undo(session: Session, page: ReviewPage) -> Undo:
    return Undo(session, page)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def page(
    qtbot: QtBot, session: Session, engine: FakeEngine, problems: list[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[ReviewPage]:
    """The page in a window of its own, with no visit open."""
    jobs = QtJobs()
    host = QWidget()  # a window without a least size: the offscreen platform warns of one
    qtbot.addWidget(host)
    host.resize(1250, 640)
    made = ReviewPage(session, jobs, host, engine=engine)
    made.resize(1250, 640)
    host.show()
    qtbot.waitExposed(host)
    host.activateWindow()
    strangers: list[str] = []
    set_pair = made.stage.set_pair

    def watched(white: Any, fluorescence: Any, registration: Any) -> None:
        """Whatever happens in a test: pictures on the stage are those of the visit that is open."""
        pair, case = made.loader.desk.pair, session.case
        if pair is not None and (case is None or pair.visit_id != case.visit.id):
            strangers.append(pair.visit_id)
        set_pair(white, fluorescence, registration)

    monkeypatch.setattr(made.stage, "set_pair", watched)
    yield made
    assert strangers == [], "pictures of a visit that is not open were on the stage"
    for gate in engine.held.values():
        gate.set()
    # the windows of a test are closed before its fixtures end: work in flight then reaches nobody
    qtbot.waitUntil(lambda: not jobs.busy and (not isValid(made) or made.idle), timeout=10_000)


Opened = Callable[[str], None]


@pytest.fixture
def opened(qtbot: QtBot, session: Session, page: ReviewPage) -> Opened:
    """Opens a visit and waits until everything is there."""

    def open_(visit_id: str) -> None:
        assert session.open_visit(visit_id)
        settle(qtbot, page)

    return open_


@pytest.fixture
def unregistered(clinic: Clinic, engine: FakeEngine, opened: Opened) -> None:
    """Adler's visit is open, and its pair could not be registered."""
    engine.refuse_registration = True
    opened(clinic.adler)


@pytest.fixture
def revealed(clinic: Clinic, session: Session, opened: Opened) -> None:
    """Adler's visit is open, and what the AI says of it was revealed."""
    opened(clinic.adler)
    reveal(session)


def settle(qtbot: QtBot, page: ReviewPage) -> None:
    """Wait until nothing is still loading."""
    qtbot.waitUntil(lambda: page.idle, timeout=10_000)


def colour_at(page: ReviewPage, pane: int) -> tuple[int, int, int]:
    """What the middle of a pane of the stage looks like."""
    lens = page.stage.arrangement.panes[pane].lens
    x, y = lens.middle
    colour = page.stage.grab().toImage().pixelColor(int(x) + 3, int(y) + 3)
    return colour.red(), colour.green(), colour.blue()


def close_to(colour: tuple[int, int, int], wanted: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(colour, wanted, strict=True))


def stage_point(page: ReviewPage, x: float, y: float, pane: int = 0) -> QPoint:
    """Where a picture point is on the stage."""
    sx, sy = page.stage.arrangement.panes[pane].lens.to_stage(x, y)
    return QPoint(round(sx), round(sy))


def click(qtbot: QtBot, page: ReviewPage, x: float, y: float, pane: int = 0) -> None:
    """Click on a picture point."""
    qtbot.mouseClick(page.stage, Qt.MouseButton.LeftButton, pos=stage_point(page, x, y, pane))


def click_item(qtbot: QtBot, items: QListWidget, row: int) -> None:
    """Click on an item of a list."""
    middle = items.visualItemRect(items.item(row)).center()
    qtbot.mouseClick(items.viewport(), Qt.MouseButton.LeftButton, pos=middle)


def sign(session: Session) -> None:
    case = session.case
    assert case is not None
    session.perform(lambda lib: review.set_impression(lib, case.visit.id, Grade.LOW))
    session.perform(lambda lib: review.sign(lib, case.visit.id, "Dr. Test", "Reviewed"), undoable=False)


def reveal(session: Session) -> None:
    case = session.case
    assert case is not None
    session.perform(lambda lib: review.set_impression(lib, case.visit.id, Grade.LOW))
    session.perform(lambda lib: review.reveal(lib, case.visit.id, "Dr. Test"), undoable=False)
