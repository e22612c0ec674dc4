"""A library with a task of six pairs, and a page on it whose pictures are small and need no registering."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Stage
from pfm_desktop.gui.pages.annotate.page import AnnotatePage
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.stage_prepared import PreparedPair, prepared
from pfm_desktop.jobs import Context, SilentContext, wait_for_threads
from pfm_desktop.services import cases, labelling
from pfm_desktop.services.labelling import Wish
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.settings import Settings
from pfm_desktop.viewmodels.session import Session

from ..conftest import picture_bytes

PAIRS = 6


def fill(lib: Library) -> str:
    """Women with names; the id of a task of all of them."""
    lib.who = "Anna"
    for number in range(PAIRS):
        patient = cases.add_patient(lib, identifier=f"K-{number}", family_name=f"Wunderlich{number}")
        visit = cases.add_visit(lib, patient.id, indication="HPV positive")
        data = picture_bytes(number)
        cases.add_picture(lib, visit.id, data, stage=Stage.ACETIC_ACID, name=f"Wunderlich{number}.png")
    visits = [row.visit.id for row in cases.today(lib)]
    pairs = labelling.pairs_for(SilentContext(), lib, visits)
    return labelling.make_task(lib, Wish("March", search="Wunderlich", repeats=0.0, readers=2), pairs).id


@dataclass
class Pictures:
    """Stands for the reading of pictures: what was `made`, which are `broken`; `hold` keeps them from coming."""

    made: list[str] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    hold: threading.Event = field(default_factory=threading.Event)

    def __call__(self, ctx: Context, _library: Library, pair_id: str) -> PreparedPair:
        assert self.hold.wait(20)
        self.made.append(pair_id)
        if pair_id in self.broken:
            raise StorageError("a picture of this pair is missing or damaged")
        shade = np.full((300, 400, 3), 20 + 30 * (len(self.made) % 7), np.uint8)
        return prepared(ctx, shade, None, None)


@pytest.fixture
def clinic(tmp_path: Path, library_from: Callable[..., str]) -> Path:
    library_from(tmp_path / "clinic", fill)
    return tmp_path / "clinic"


@pytest.fixture
def session(clinic: Path) -> Iterator[Session]:
    with Library.open(clinic) as lib:
        yield Session(lib, Settings(reader="Anna"))


@pytest.fixture
def task(session: Session) -> str:
    return labelling.task_rows(session.library)[0].task.id


@pytest.fixture
def pictures() -> Pictures:
    made = Pictures()
    made.hold.set()
    return made


@pytest.fixture
def page(qtbot: QtBot, session: Session, pictures: Pictures) -> Iterator[AnnotatePage]:
    """The page, with its list of tasks in front."""
    jobs = QtJobs()
    made = AnnotatePage(session, jobs, load=pictures)
    qtbot.addWidget(made)
    made.resize(1250, 640)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    made.entered()
    qtbot.waitUntil(lambda: made.idle, timeout=10_000)
    yield made
    pictures.hold.set()  # its widgets are closed by now, so nothing tells when it is idle
    jobs.wait_all(10)
    assert wait_for_threads(10)


@pytest.fixture
def settle(qtbot: QtBot, page: AnnotatePage) -> Callable[[], None]:
    """Wait until all is shown that is to be shown."""
    return lambda: qtbot.waitUntil(lambda: page.idle, timeout=10_000)


@pytest.fixture
def reading(qtbot: QtBot, page: AnnotatePage, task: str, settle: Callable[[], None]) -> AnnotatePage:
    """The page with the first pair in front, opened by Enter."""
    qtbot.keyClick(page.tasks.table, Qt.Key.Key_Return)
    settle()
    return page


@pytest.fixture
def press(qtbot: QtBot, page: AnnotatePage, settle: Callable[[], None]) -> Callable[..., None]:
    """Press keys on the stage, each once what the one before asked for is shown."""

    def pressed(*keys: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        for key in keys:
            settle()
            qtbot.keyClick(page.view.stage, key, modifier)
        settle()

    return pressed


@pytest.fixture
def on_disk(session: Session, task: str) -> Callable[[], list[Grade | None]]:
    """Grades of the reader who is signed in, by place; None where there is no read, or no grade."""

    def grades() -> list[Grade | None]:
        queue = labelling.queue(session.library, task)
        return [queue.reads[turn].grade if turn in queue.reads else None for turn in queue.turns]

    return grades
