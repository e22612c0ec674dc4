"""The Fine-tune page on a library of 24 women with blobs, and a small model to start from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.pages.learning.page import LearningPage
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.jobs import ThreadRunner, wait_for_threads
from pfm_desktop.services import models
from pfm_desktop.services.learning import run
from pfm_desktop.support.paths import user_models_dir
from pfm_desktop.support.settings import Settings, save_settings
from pfm_desktop.viewmodels.session import Session

from ...unit.conftest import make_model
from ...unit.services.learning.conftest import Ward, no_gate, parent, ready_ward

__all__ = ["make_model", "no_gate", "parent", "ready_ward"]  # fixtures
EPOCHS = 3


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of few epochs, without rehearsing, from the models of this user alone."""
    whole = run.Settings

    def settings(name: str, **said: object) -> run.Settings:
        return replace(whole(name, **said), epochs=EPOCHS, rehearse=0, enough=4)  # type: ignore[arg-type]

    monkeypatch.setattr("pfm_desktop.gui.pages.learning.page.new_settings", settings)
    monkeypatch.setattr("pfm_desktop.gui.pages.learning.page.ENOUGH", 4)
    monkeypatch.setattr(models, "model_dirs", lambda: (user_models_dir(),))


@pytest.fixture
def page(qtbot: QtBot, ready_ward: Ward, short: None, parent: Path) -> Iterator[LearningPage]:
    """The page, all counted. What the program does in a process of its own is done on a thread."""
    jobs = QtJobs(processes=ThreadRunner())
    settings = Settings(reader="Dr. Test", model="parent")
    save_settings(settings)
    made = LearningPage(Session(ready_ward.lib, settings), jobs)
    qtbot.addWidget(made)
    made.resize(1300, 800)
    made.show()
    qtbot.waitExposed(made)
    made.entered()
    qtbot.waitUntil(lambda: made.idle, timeout=10_000)
    yield made
    made.detach()
    jobs.cancel_all()
    jobs.wait_all(30)
    assert wait_for_threads(30)
