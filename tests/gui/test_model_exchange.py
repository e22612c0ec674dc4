"""A model goes to another clinic as one signed file and comes from one, by keys, with real dialogs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.pages.models import ModelsPage
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.services import models
from pfm_desktop.services.learning import exchange
from pfm_desktop.support.paths import user_models_dir
from pfm_desktop.viewmodels.session import Session

from ..unit.conftest import make_model

__all__ = ["make_model"]  # a fixture
pytestmark = pytest.mark.slow


@pytest.fixture
def page(
    qtbot: QtBot, session: Session, make_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModelsPage]:
    monkeypatch.setattr(models, "model_dirs", lambda: (user_models_dir(),))
    user_models_dir().mkdir(parents=True)
    make_model(user_models_dir() / "ours", name="ours")
    jobs = QtJobs()
    made = ModelsPage(session, jobs)
    qtbot.addWidget(made)
    made.resize(1300, 800)
    made.show()
    qtbot.waitExposed(made)
    made.entered()
    yield made
    jobs.wait_all(30)


def dialog(qtbot: QtBot, page: ModelsPage, name: str) -> QFileDialog:
    qtbot.waitUntil(lambda: page.findChild(QFileDialog, name) is not None)
    found = page.findChild(QFileDialog, name)
    assert isinstance(found, QFileDialog)
    return found


def sent(qtbot: QtBot, page: ModelsPage, out: Path) -> str:
    """Passed on by its button; the fingerprint that the card tells."""
    card = page.cards[0]
    card.send.setFocus()
    qtbot.keyClick(card.send, Qt.Key.Key_Space)
    asked = dialog(qtbot, page, "send_to")
    assert asked.acceptMode() is QFileDialog.AcceptMode.AcceptSave
    asked.fileSelected.emit(str(out))
    asked.close()
    qtbot.waitUntil(lambda: "fingerprint" in card.said.text(), timeout=20_000)
    return card.said.text().rsplit(": ", 1)[1]


def opened(qtbot: QtBot, page: ModelsPage, file: Path) -> None:
    qtbot.keyClick(page.bring, Qt.Key.Key_Space)
    asked = dialog(qtbot, page, "bring_from")
    asked.fileSelected.emit(str(file))
    asked.close()
    qtbot.waitUntil(lambda: not page._jobs.busy, timeout=20_000)


def test_a_model_passed_on_is_brought_in_with_the_fingerprint_of_its_sender(
    qtbot: QtBot, page: ModelsPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fingerprint = sent(qtbot, page, tmp_path / "ours")
    file = tmp_path / "ours.pfm-model"
    assert exchange.open_file(file).fingerprint == fingerprint
    page.cards[0].row.path.rename(tmp_path / "away")
    page.reread()
    opened(qtbot, page, file)
    form = page.arrival
    assert "ours 1, signed on" in form.said.text()
    assert page.focusWidget() is form.fingerprint
    assert not form.now.isEnabled()
    qtbot.keyClicks(form.fingerprint, "0" * 64)
    qtbot.keyClick(form.fingerprint, Qt.Key.Key_Return)
    qtbot.waitUntil(form.problem.isVisible, timeout=20_000)
    assert form.fingerprint.text() == "0" * 64
    form.fingerprint.selectAll()
    qtbot.keyClicks(form.fingerprint, fingerprint.replace(" ", ""))
    with qtbot.waitSignal(page.said, timeout=20_000) as said:
        qtbot.keyClick(form.fingerprint, Qt.Key.Key_Return)
    assert said.args[0].startswith("ours 1 is here now")
    assert form.isHidden()
    assert [card.row.name for card in page.cards] == ["ours"]


def test_a_file_that_is_none_is_said_and_escape_goes_back(qtbot: QtBot, page: ModelsPage, tmp_path: Path) -> None:
    file = tmp_path / "x.pfm-model"
    file.write_bytes(b"PK not a model")
    opened(qtbot, page, file)
    form = page.arrival
    assert form.problem.isVisible()
    assert not form.fingerprint.isVisible()
    qtbot.keyClick(form.back, Qt.Key.Key_Escape)
    assert form.isHidden()
    assert page.focusWidget() is page.bring


def test_a_folder_that_cannot_be_written_leaves_the_model_in_use_as_it_is(
    qtbot: QtBot, page: ModelsPage, tmp_path: Path
) -> None:
    card = page.cards[0]
    badge = card.badge.text()
    (tmp_path / "file").touch()
    page.send(card.row.path, str(tmp_path / "file" / "x"))
    qtbot.waitUntil(lambda: not page._jobs.busy, timeout=20_000)
    assert card.said.text().startswith("Problem: ")
    assert card.badge.text() == badge
