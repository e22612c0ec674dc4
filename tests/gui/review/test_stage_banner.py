"""The line below the stage: plain while nothing is wrong, and not to be taken for that when it warns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.prediction import BANNER, DEMONSTRATION, Familiarity
from pfm_desktop.domain.source import Source
from pfm_desktop.gui import theme
from pfm_desktop.gui.pages.review.page import ReviewPage
from pfm_desktop.gui.widgets.stage_banner import NAME, StageBanner
from pfm_desktop.gui.widgets.warning_notice import WarningNotice
from pfm_desktop.viewmodels.review import NOT_TO_RELY_ON

from .conftest import Clinic, FakeEngine, Opened, reveal

pytestmark = pytest.mark.slow

LINE = f"{BANNER}   pfm-demo 1: {DEMONSTRATION}"
STAGE = 890  # logical pixels: as wide as the stage at 1366 x 768


@pytest.fixture
def banner(qtbot: QtBot, qapp: QApplication, restored_look: None) -> Iterator[StageBanner]:
    """In a window of the program's look, above room that it leaves."""
    theme.apply(qapp, "dark")
    host = QWidget()
    qtbot.addWidget(host)
    made = StageBanner(host)
    column = QVBoxLayout(host)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(made)
    column.addStretch(1)
    host.resize(STAGE, 300)
    host.show()
    qtbot.waitExposed(host)
    yield made
    host.close()


def colours_of(widget: QWidget) -> list[str]:
    """Of each pixel."""
    image = widget.grab().toImage()
    return [image.pixelColor(x, y).name() for y in range(image.height()) for x in range(image.width())]


def laid_out(qtbot: QtBot, banner: StageBanner) -> int:
    """Its height, once that is what its visible words need and they have the room."""

    def settled() -> bool:
        labels = [label for label in (banner.warning, banner.line) if label.isVisible()]
        room = all(label.height() >= label.heightForWidth(label.width()) > 0 for label in labels)
        return room and banner.height() == banner.heightForWidth(banner.width())

    qtbot.waitUntil(settled)
    return banner.height()


@pytest.mark.parametrize("name", theme.THEMES)
def test_a_warning_has_the_frame_and_the_sign_of_the_panel_and_the_plain_line_neither(
    banner, qapp: QApplication, qtbot: QtBot, name: str
) -> None:
    theme.apply(qapp, name)
    look = theme.theme_of(name)
    for warning, ground, other in (
        ("", look.badge, look.warning),
        (NOT_TO_RELY_ON, look.warning, look.badge),
        ("", look.badge, look.warning),
    ):
        banner.show_lines(LINE, warning)
        laid_out(qtbot, banner)
        found = colours_of(banner)
        assert found.count(ground.lower()) > len(found) / 2
        assert found.count(other.lower()) == 0
        assert banner.sign.isVisible() is bool(warning)
        edge = banner.grab().toImage().pixelColor(banner.width() // 2, 0).name()
        assert (edge == look.on_warning.lower()) is bool(warning)


@pytest.mark.parametrize("name", theme.THEMES)
def test_it_has_the_colours_of_the_warning_in_the_ai_panel(banner, qapp: QApplication, qtbot: QtBot, name: str) -> None:
    theme.apply(qapp, name)
    notice = WarningNotice(banner.parentWidget())
    notice.show_warning("Do not rely on this grade.", "Why.")
    notice.resize(300, 80)
    banner.show_lines(LINE, NOT_TO_RELY_ON)
    laid_out(qtbot, banner)
    for part, beside in ((banner, notice), (banner.warning, notice.caution), (banner.sign, notice.sign)):
        assert part.palette().windowText().color() == beside.palette().windowText().color()
    frames = [widget.grab().toImage().pixelColor(widget.width() // 2, 0).name() for widget in (banner, notice)]
    assert frames[0] == frames[1]


def test_a_warning_takes_no_more_height_than_two_plain_lines(banner, qtbot: QtBot) -> None:
    banner.show_lines(f"{NOT_TO_RELY_ON}\n{LINE}")
    plain = laid_out(qtbot, banner)
    banner.show_lines(LINE, NOT_TO_RELY_ON)
    assert 30 < laid_out(qtbot, banner) <= plain
    banner.show_lines(LINE)
    assert laid_out(qtbot, banner) < plain


@pytest.mark.parametrize("width", [300, 464, STAGE])
@pytest.mark.parametrize("pixels", [14, 21, 28])
def test_no_word_is_cut_however_narrow_the_stage_and_large_the_letters(
    banner, qapp: QApplication, qtbot: QtBot, width: int, pixels: int
) -> None:
    font = qapp.font()
    font.setPixelSize(pixels)
    qapp.setFont(font)
    theme.apply(qapp, "light")
    banner.parentWidget().resize(width, 600)
    banner.show_lines(LINE, NOT_TO_RELY_ON)
    labels = banner.warning, banner.line
    laid_out(qtbot, banner)
    assert banner.width() == width
    assert banner.warning.font().bold()
    assert not banner.line.font().bold()
    for label in labels:
        assert label.fontInfo().pixelSize() == pixels
        assert label.geometry().right() <= banner.width()
    assert banner.sign.geometry().right() < banner.warning.x()


def test_nothing_to_say_takes_no_room_and_leaves_no_warning_behind(banner) -> None:
    for line, warning in ((LINE, NOT_TO_RELY_ON), ("", NOT_TO_RELY_ON), ("", "")):
        banner.show_lines(line, warning)
        assert banner.isHidden() is (not line)
    assert banner.text() == banner.accessibleDescription() == ""
    banner.show_lines(LINE)
    assert banner.text() == LINE
    assert not banner.warning.isVisible()


def test_a_screen_reader_reads_the_warning_first_and_a_plain_line_by_its_name(banner) -> None:
    banner.show_lines(LINE, NOT_TO_RELY_ON)
    assert banner.accessibleName() == "Warning"
    assert banner.accessibleDescription() == f"{NOT_TO_RELY_ON}\n{LINE}"
    banner.show_lines(LINE)
    assert (banner.accessibleName(), banner.accessibleDescription()) == (NAME, LINE)


def test_on_the_page_it_warns_of_the_flagged_visit_and_is_plain_on_the_next(
    page: ReviewPage, clinic: Clinic, engine: FakeEngine, session, opened: Opened, monkeypatch
) -> None:
    from . import conftest

    made = conftest.prediction()
    far = replace(made, familiarity={Source.WHITE: Familiarity(1.43, 0.95)})
    monkeypatch.setattr(conftest, "prediction", lambda: far)
    opened(clinic.adler)
    assert page.banner.isHidden(), "nothing before the reveal"
    reveal(session)
    assert page.banner.property("role") == "warning"
    assert page.banner.text().startswith(f"{NOT_TO_RELY_ON}\n{BANNER}")
    monkeypatch.setattr(conftest, "prediction", lambda: made)
    opened(clinic.brandt)
    assert page.banner.isHidden()
    reveal(session)
    assert page.banner.property("role") == "banner"
    assert page.banner.text().startswith(BANNER)
