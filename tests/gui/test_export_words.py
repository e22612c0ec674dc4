"""Words that the program found on the sheet for research, by keys and mouse: seen, laid bare, covered, jumped to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.source import Stage
from pfm_desktop.gui.pages.export import ExportPage
from pfm_desktop.imaging import words as finder
from pfm_desktop.services import cases
from pfm_desktop.services.export import words_found
from pfm_desktop.storage.library import Library
from pfm_desktop.support.paths import resources_dir
from pfm_desktop.viewmodels.export import Kind, Scope
from pfm_desktop.viewmodels.export_words import laid_bare

from .conftest import Opened
from .test_export import choose, out, page_of, scroll_through, settled, tick_looked  # noqa: F401 - `out` is a fixture

pytestmark = pytest.mark.slow

LEFT = Qt.MouseButton.LeftButton
WIDE, HIGH = 480, 360


def picture(number: int) -> bytes:
    """An even ground; on the second and fourth a name."""
    image = Image.new("RGB", (WIDE, HIGH), (170 + number, 90, 90))
    if number % 2:
        font = ImageFont.truetype(str(resources_dir() / "fonts" / "DejaVuSans.ttf"), 22)
        ImageDraw.Draw(image).text((30, 300), "Fuchs, Maria", fill=(255, 255, 255), font=font)
    stream = BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def fill(lib: Library) -> None:
    patient = cases.add_patient(lib, identifier="P-010", family_name="Fuchs")
    at = datetime(2026, 5, 14, 9, 0, tzinfo=UTC)
    visit = cases.add_visit(lib, patient.id, started_at=at)
    for number in range(4):
        cases.add_picture(
            lib, visit.id, picture(number), stage=Stage.ACETIC_ACID, taken_at=at + timedelta(seconds=number)
        )


@pytest.fixture
def folder(tmp_path: Path, library_from: Callable[..., None]) -> Path:
    """A visit with four pictures, names in two of them."""
    words_found._known.clear()
    library_from(tmp_path / "named", fill)
    return tmp_path / "named"


@pytest.fixture
def page(qtbot: QtBot, open_window: Opened, folder: Path, out: Path) -> ExportPage:  # noqa: F811
    """The page, with all looked through."""
    page = page_of(qtbot, open_window(folder))
    choose(qtbot, page, Kind.CSV, Scope.ONE, out)
    return page


def brightest(out: Path) -> list[int]:  # noqa: F811
    """The brightest level of each picture in the set: words are white, the ground is not."""
    (made,) = out.iterdir()
    return sorted(int(np.asarray(Image.open(file)).max()) for file in (made / "pictures").iterdir())


def look(qtbot: QtBot, page: ExportPage) -> None:
    """At all of the sheet, and say so."""
    scroll_through(qtbot, page)
    page.looking.view.verticalScrollBar().setValue(0)
    tick_looked(qtbot, page)


def test_names_are_found_said_and_black_in_the_set(qtbot: QtBot, page: ExportPage, out: Path) -> None:  # noqa: F811
    assert "words in 2 pictures" in page.looking.found.text()
    assert "words found in 1 place" in page.looking.view.sheet_model.index(1).data()
    assert not page.go.isEnabled()  # a person still has to look
    look(qtbot, page)
    qtbot.mouseClick(page.go, LEFT)
    settled(qtbot, page)
    assert max(brightest(out)) < 200
    assert "Words found and made black: 2 boxes in 2 pictures" in page.result.text.text()


def test_n_leads_from_one_picture_with_words_to_the_next(qtbot: QtBot, page: ExportPage) -> None:
    looking = page.looking
    looking.view.setFocus()
    rows = []
    for _ in range(3):
        qtbot.keyClick(looking.view, Qt.Key.Key_N)
        rows.append(looking.view.currentIndex().row())
    assert rows == [1, 3, 1]
    qtbot.keyClick(looking.view, Qt.Key.Key_Return)
    settled(qtbot, page)
    qtbot.keyClick(looking.large, Qt.Key.Key_N)
    settled(qtbot, page)
    assert looking.caption.text().startswith("4 of 4")
    qtbot.mouseClick(looking.next, LEFT)
    assert looking.caption.text().startswith("2 of 4")


def test_wrong_words_are_laid_bare_by_keys_covered_again_and_the_tick_is_taken_back(
    qtbot: QtBot, page: ExportPage
) -> None:
    looking, sheet = page.looking, page.looking.sheet
    assert sheet is not None
    look(qtbot, page)
    looking.show_large(1)
    settled(qtbot, page)
    found = sheet.words[sheet.pictures[1].id]
    for key in (Qt.Key.Key_W, Qt.Key.Key_Delete):
        qtbot.keyClick(looking.large, key)
    assert sheet.words[sheet.pictures[1].id] == found[1:]
    assert not looking.said.isChecked()
    assert looking.cover.isEnabled()
    qtbot.keyClick(looking.large, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert sheet.words[sheet.pictures[1].id] == found
    assert not looking.cover.isEnabled()


def test_words_are_laid_bare_by_the_mouse_and_go_out_when_she_has_looked_again(
    qtbot: QtBot,
    page: ExportPage,
    out: Path,  # noqa: F811
) -> None:
    looking, sheet = page.looking, page.looking.sheet
    assert sheet is not None
    looking.show_large(3)
    settled(qtbot, page)
    left, top, right, bottom = sheet.words[sheet.pictures[3].id][0]
    place = looking.large.place()
    middle = QPoint((left + right) // 2, (top + bottom) // 2) * (place.width() / WIDE)
    qtbot.mouseClick(looking.large, LEFT, pos=(place.topLeft() + middle).toPoint())
    assert not sheet.boxes  # a click into words draws nothing
    qtbot.mouseClick(looking.undo, LEFT)
    assert laid_bare(sheet) == 1
    qtbot.mouseClick(looking.back, LEFT)
    settled(qtbot, page)
    look(qtbot, page)
    qtbot.mouseClick(page.go, LEFT)
    settled(qtbot, page)
    assert brightest(out)[-1] == 255
    assert brightest(out)[-2] < 200


def test_where_the_finder_is_damaged_it_is_said_and_nothing_can_go_out(
    qtbot: QtBot, open_window: Opened, folder: Path,
    out: Path,  # noqa: F811
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(finder, "resources_dir", lambda: tmp_path / "nowhere")
    finder._network.cache_clear()
    page = page_of(qtbot, open_window(folder))
    choose(qtbot, page, Kind.CSV, Scope.ONE, out)
    assert "install it again" in page.looking.found.text()
    assert not page.go.isEnabled()
    look(qtbot, page)
    assert not page.go.isEnabled()
    assert "cannot look for words" in page.needed.text()
    finder._network.cache_clear()
