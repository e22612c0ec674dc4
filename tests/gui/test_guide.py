"""The user guide in the window, and that the keys it names are those of the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QImage, QTextDocument
from pytestqt.qtbot import QtBot

from pfm_desktop.gui import desk
from pfm_desktop.gui.main_window import CAPTURE, REVIEW, MainWindow
from pfm_desktop.gui.pages.guide import GuidePage
from pfm_desktop.gui.widgets.stage_keys import STAGE_KEYS
from pfm_desktop.storage.library import Library
from pfm_desktop.support.paths import user_guide_dir
from pfm_desktop.viewmodels.page_keys import markdown_of

from .conftest import Opened

K = Qt.Key
FOLDER = user_guide_dir()
IMAGE = QTextDocument.ResourceType.ImageResource.value

pytestmark = pytest.mark.slow

EVERYWHERE = {
    "Ctrl+1": "view.today", "Ctrl+3": "view.capture", "Ctrl+4": "view.annotate", "Ctrl+5": "view.models",
    "Ctrl+F": "edit.find", "Ctrl+Z": "edit.undo", "Ctrl+O": "file.open_library", "Ctrl+L": "file.lock",
    "Ctrl+Shift+W": "file.open_for_writing", "Ctrl+Shift+M": "view.close_message", "F11": "view.full_screen",
    "Ctrl+Shift+L": "view.theme", "F12": "view.privacy", "F1": "help.shortcuts", "?": "help.shortcuts",
    "Ctrl+Shift+F1": "help.tour",
}  # fmt: skip
# by page of the guide: the keys that it names, and the action that each is the default key of
NAMED: dict[str, dict[str, str]] = {
    "first-steps.md": {
        "Alt+1": "today.show_all", "Alt+6": "today.show_letter", "Ctrl+N": "today.new_patient",
        "Ctrl+Shift+N": "today.new_visit", "Ctrl+I": "today.add_pictures", "Ctrl+Shift+I": "today.import",
    },
    "review.md": {
        "1": "review.side_by_side", "2": "review.blend", "3": "review.swipe", "4": "review.flicker",
        "5": "review.checkerboard", "F": "review.fit", "Space": "review.other_picture", "Ctrl+R": "review.points",
        "Ctrl+Shift+1": "review.impression_normal", "Ctrl+Shift+2": "review.impression_low",
        "Ctrl+Shift+3": "review.impression_high", "Ctrl+Shift+4": "review.impression_cancer",
        "Alt+1": "review.findings", "Ctrl+Shift+R": "review.reveal", "Alt+4": "review.report",
        "Ctrl+S": "review.save_pdf", "Ctrl+H": "review.heatmap", "Alt+5": "review.referral",
        "Ctrl+M": "review.move_pictures", "Ctrl+F11": "review.second_screen",
        "G": "review.green", "Ctrl+B": "review.look", "F7": "review.compare", "F9": "review.play",
    },
    "drawing-and-biopsies.md": {
        "Shift+O": "review.take_os", "O": "review.os", "P": "review.pin", "V": "review.pan", "Alt+3": "review.pins",
        "Ctrl+P": "review.labels", "C": "review.draw_cervix", "Q": "review.cervix", "Shift+C": "review.take_cervix",
        "D": "review.draw_lesion", "B": "review.brush", "E": "review.eraser", "N": "review.add_lesion",
        "J": "review.draw_scj",
    },
    "histology.md": {
        "Ctrl+Shift+H": "today.histology", "Ctrl+Return": "histology.next", "Alt+2": "histology.show_discuss",
        "Alt+3": "histology.show_letters", "Alt+4": "histology.show_figures",
    },
    "capture.md": {
        "Ctrl+Shift+E": "today.examine", "N": "capture.allergy_no", "Y": "capture.allergy_yes", "Space": "capture.go",
        "A": "capture.acid", "Backspace": "capture.retake", "P": "capture.pair", "W": "capture.picture",
        "K": "capture.skip", "F": "capture.freeze", "R": "capture.record", "L": "capture.clips", "C": "capture.curve",
        "G": "capture.green", "H": "capture.grid", "V": "capture.ghost", "+": "capture.zoom_in",
        "-": "capture.zoom_out", "0": "capture.zoom_reset", "F5": "capture.camera", "D": "capture.device",
    },
    "annotate.md": {
        "1": "annotate.grade_normal", "2": "annotate.grade_low", "3": "annotate.grade_high",
        "4": "annotate.grade_cancer", "0": "annotate.cannot", "U": "annotate.undo", "T": "annotate.tasks",
        "N": "annotate.note", "Q": "annotate.quality", "R": "annotate.region", "Backspace": "annotate.drop_region",
        "Space": "annotate.flicker", "S": "annotate.side_by_side", "B": "annotate.blend", "W": "annotate.swipe",
        "A": "annotate.ai", "Ctrl+N": "annotate.new_task", "F5": "annotate.reread",
    },
    "learning.md": {"Ctrl+Shift+F": "models.learn", "Ctrl+P": "learning.pause"},
    "troubleshooting.md": {"F6": "review.next_area"},
}  # fmt: skip
# by page: keys that a list, a field or the pictures take by themselves
BY_THEMSELVES: dict[str, set[str]] = {
    "index.md": {"Escape"},
    "first-steps.md": {"Enter", "Escape"},
    "review.md": {"L", "H"},
    "drawing-and-biopsies.md": {",", ".", "Alt+arrows", "Delete", "Shift+arrows", "Enter"},
    "histology.md": {"Escape"},
    "annotate.md": {"Enter"},
}
_KEY = re.compile(
    r"(?:(?:Ctrl|Alt|Shift)\+)*(?:[A-Z0-9]|F\d{1,2}|Space|Enter|Return|Escape|Backspace|Delete|arrows|[?+\-,.])"
)


def named_in(page: str) -> set[str]:
    """What stands in the page as a key."""
    return {code for code in re.findall(r"`([^`]+)`", (FOLDER / page).read_text("utf-8")) if _KEY.fullmatch(code)}


@pytest.fixture
def window(open_real_window: Opened, library_folder: Path) -> MainWindow:
    return open_real_window(library_folder)


def all_pages_made(window: MainWindow) -> None:
    assert window.desk is not None
    for index in desk.BEHIND:
        window.desk.page(index)
    assert window.help.guide.title == "User guide"


def test_keys_named_in_the_guide_are_those_of_the_program(window: MainWindow) -> None:
    all_pages_made(window)
    keys = {row.id: row.shortcut.split(" or ") for row in window.book.rows()}
    pages = [path.name for path in FOLDER.glob("*.md") if path.name != "keys.md"]
    for page in pages:
        own, taken = NAMED.get(page, {}), BY_THEMSELVES.get(page, set())
        told = named_in(page)
        assert told - set(own) - set(EVERYWHERE) - taken == set(), page
        assert (set(own) | taken) - told == set(), page
        for key, id_ in {**{key: EVERYWHERE[key] for key in told & set(EVERYWHERE)}, **own}.items():
            assert key in keys[id_], (page, key, id_, keys[id_])
    said = " ".join(key for key, _ in STAGE_KEYS)
    assert all(key in said for key in ("L (hold)", "H (hold)", ", and .", "Alt+arrows", "Delete", "Shift+arrows"))


def test_the_page_of_all_keys_is_up_to_date(window: MainWindow) -> None:
    all_pages_made(window)
    rows = [(row.group, row.shortcut, row.text) for row in window.book.rows()]
    again = "run python docs/user/make_pictures.py --keys-only"
    assert (FOLDER / "keys.md").read_text(encoding="utf-8") == markdown_of(rows, STAGE_KEYS), again


@pytest.mark.parametrize("index", [CAPTURE, REVIEW])
def test_the_guide_opens_by_key_and_escape_leads_back(qtbot: QtBot, window: MainWindow, index: int) -> None:
    assert window.session is not None
    window.open_visit(window.session.today()[0].visit.id)
    window.show_page(index)
    before = window.stack.currentWidget()
    qtbot.keyClick(window, K.Key_F1, Qt.KeyboardModifier.ControlModifier)
    page = window.help.guide
    assert window.stack.currentWidget() is page
    assert page.view.hasFocus()
    assert "What it is for" not in page.view.toPlainText()
    assert "User guide" in page.view.toPlainText()
    qtbot.keyClick(page.view, K.Key_Escape)
    assert window.stack.currentWidget() is before


def test_without_a_library_there_is_the_guide_and_the_way_back(
    qtbot: QtBot, open_window: Opened, tmp_path: Path
) -> None:
    (tmp_path / "no library").mkdir()
    (tmp_path / "no library" / "a file").write_text("x", encoding="utf-8")
    window = open_window(tmp_path / "no library", ready=False)
    qtbot.waitUntil(lambda: not window.door.busy, timeout=10_000)
    window.book.action("help.guide").trigger()
    assert window.stack.currentWidget() is window.help.guide
    qtbot.mouseClick(window.help.guide.close_button, Qt.MouseButton.LeftButton)
    assert window.stack.currentWidget() is window.entrance


def test_the_guide_leads_to_today_once_another_library_is_open(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    Library.create(tmp_path / "other").close()
    assert window.session is not None
    window.open_visit(window.session.today()[0].visit.id)
    window.help.show_guide()
    with qtbot.waitSignal(window.ready, timeout=10_000):
        window.open_library(str(tmp_path / "other"))
    window.help.show_guide()
    window.help._back = REVIEW  # where no visit is open any more
    qtbot.keyClick(window.help.guide.view, K.Key_Escape)
    assert window.desk is not None
    assert window.stack.currentWidget() is window.desk.today


@pytest.fixture
def page(qtbot: QtBot) -> GuidePage:
    made = GuidePage()
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_links_are_followed_by_keys_and_the_page_before_comes_back(qtbot: QtBot, page: GuidePage) -> None:
    qtbot.keyClick(page.view, K.Key_Tab)
    qtbot.keyClick(page.view, K.Key_Return)
    assert page.page == "first-steps.md"
    assert "First steps" in page.view.toPlainText()
    page.go_back()
    assert page.page == "index.md"
    assert not page.back.isEnabled()


def test_a_link_out_of_the_program_is_shown_and_not_opened(page: GuidePage, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr("PySide6.QtGui.QDesktopServices.openUrl", opened.append)
    page.view.anchorClicked.emit(QUrl("https://example.org/x"))
    assert page.said.isVisible()
    assert "https://example.org/x" in page.said.text()
    assert page.page == "index.md"
    page.follow("../../README.md")
    assert page.page == "index.md"
    assert opened == []


def test_only_pictures_of_the_guide_are_loaded_and_none_is_wider_than_the_page(page: GuidePage) -> None:
    load = page.view.loadResource
    shown = load(IMAGE, QUrl("pictures/today.png"))
    assert isinstance(shown, QImage)
    assert shown.width() / shown.devicePixelRatio() <= page.view.viewport().width()
    for other in ("../../README.md", "https://example.org/a.png", "/etc/hostname", "pictures/none.png", "index.md"):
        assert load(IMAGE, QUrl(other)) is None


def test_every_page_is_shown_whole_in_a_narrow_window(qtbot: QtBot, page: GuidePage) -> None:
    page.resize(824, 400)
    for path in FOLDER.glob("*.md"):
        page.show_page(path.name)
        qtbot.waitUntil(lambda: not page.view._later.isActive())
        assert page.view.horizontalScrollBar().maximum() == 0, path.name
        assert "](" not in page.view.toPlainText()


def test_a_guide_that_is_not_there_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    made = GuidePage(folder=tmp_path)
    qtbot.addWidget(made)
    assert "not installed" in made.view.toPlainText()
