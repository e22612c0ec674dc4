"""The filmstrip: pictures of a visit, and the pairs they make."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.filmstrip import CLIPS_STAY, EMPTY, THUMBNAIL, Filmstrip, id_of, thumbnail_job
from pfm_desktop.gui.widgets.stage_mouse import PICTURE_MIME
from pfm_desktop.jobs import InlineRunner
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.viewmodels.filmstrip import NEEDS_BOTH, FilmstripEntry
from pfm_desktop.viewmodels.overlay import SURROUND

LEFT, PLAIN, COPY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction


class Shelf:
    """Makes entries and counts how often each picture is loaded."""

    def __init__(self) -> None:
        self.loaded: list[str] = []
        self.gate: threading.Event | None = None

    def entry(self, picture_id: str, source: Source = Source.WHITE, *, broken: bool = False) -> FilmstripEntry:
        def load() -> np.ndarray:
            self.loaded.append(picture_id)
            if self.gate is not None:
                assert self.gate.wait(20)
            if broken:
                raise BadInputError(f"{picture_id} is damaged", safe="nothing changed", remedy="take it again")
            return np.full((60, 80, 3), (200, 20, 20), np.uint8)

        return FilmstripEntry(picture_id, source, f"Stage of {picture_id}", "60 s after acid", load)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def host(qtbot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def strip(qtbot, host) -> Filmstrip:
    host.resize(900, 200)
    made = Filmstrip(host)
    made.resize(900, 200)
    with qtbot.waitExposed(host):
        host.show()
    return made


@pytest.fixture
def four(strip, shelf, qtbot) -> Filmstrip:
    """w1, f1, w2, f2 with their thumbnails."""
    glow = Source.FLUORESCENCE
    strip.set_pictures([shelf.entry("w1"), shelf.entry("f1", glow), shelf.entry("w2"), shelf.entry("f2", glow)])
    qtbot.waitUntil(lambda: not strip.busy)
    return strip


def heard(signal) -> list:
    said: list = []
    signal.connect(lambda *args: said.append(args))
    return said


def select(strip: Filmstrip, *picture_ids: str) -> None:
    strip.list.clearSelection()
    for picture_id in picture_ids:
        strip.list.item_of(picture_id).setSelected(True)


def middle(strip: Filmstrip, picture_id: str) -> QPointF:
    return QPointF(strip.list.visualItemRect(strip.list.item_of(picture_id)).center())


def carried(picture_id: str) -> QMimeData:
    data = QMimeData()
    data.setData(PICTURE_MIME, picture_id.encode())
    return data


def drag_over(strip: Filmstrip, at: QPointF, data: QMimeData) -> bool:
    """Come with something in the hand; True when letting go there would do something."""
    target = strip.list.viewport()
    enter = QDragEnterEvent(at.toPoint(), COPY, data, LEFT, PLAIN)
    enter.ignore()
    QApplication.sendEvent(target, enter)
    if not enter.isAccepted():
        return False
    move = QDragMoveEvent(at.toPoint(), COPY, data, LEFT, PLAIN)
    QApplication.sendEvent(target, move)
    return move.isAccepted()


def drop(strip: Filmstrip, at: QPointF, data: QMimeData) -> None:
    drag_over(strip, at, data)
    QApplication.sendEvent(strip.list.viewport(), QDropEvent(at, COPY, data, LEFT, PLAIN))


def test_an_empty_visit_says_what_to_do(strip) -> None:
    assert strip._empty.isVisible()
    assert strip._empty.text() == EMPTY
    assert not strip.list.isVisible()


def test_pictures_stand_in_the_order_given_with_stage_and_time(four) -> None:
    assert [id_of(four.list.item(row)) for row in range(4)] == ["w1", "f1", "w2", "f2"]
    assert four.list.item(0).text() == "Stage of w1\n60 s after acid"
    assert not four._empty.isVisible()


def test_thumbnails_show_the_pictures(four) -> None:
    for picture_id in ("w1", "f2"):
        colour = four.list.item_of(picture_id).icon().pixmap(THUMBNAIL).toImage().pixelColor(56, 36)
        assert (colour.red(), colour.green()) == (200, 20)


@pytest.mark.parametrize("shape", [(60, 80, 3), (300, 100, 3), (100, 900, 3), (1, 1, 3)])
def test_thumbnails_of_any_shape_are_of_one_size_on_neutral_grey(shape) -> None:
    events: list = []
    side = QSize(THUMBNAIL)
    InlineRunner().start(thumbnail_job, lambda: np.full(shape, 250, np.uint8), side, listener=events.append)
    image = events[-1].result
    assert image.size() == side
    assert image.pixelColor(56, 36) == QColor(250, 250, 250)
    if shape == (300, 100, 3):
        assert image.pixelColor(2, 42) == QColor(SURROUND, SURROUND, SURROUND)


def test_thumbnails_are_sharp_on_a_fine_screen() -> None:
    events: list = []
    InlineRunner().start(thumbnail_job, lambda: np.zeros((9, 9, 3), np.uint8), THUMBNAIL * 2, listener=events.append)
    assert events[-1].result.size() == THUMBNAIL * 2


def test_a_read_only_picture_makes_a_thumbnail() -> None:
    picture = np.full((9, 9, 3), 77, np.uint8)
    picture.setflags(write=False)
    events: list = []
    InlineRunner().start(thumbnail_job, lambda: picture, QSize(THUMBNAIL), listener=events.append)
    assert events[-1].result.pixelColor(56, 36).red() == 77


def test_each_picture_is_loaded_once_however_often_the_visit_is_shown(four, shelf, qtbot) -> None:
    four.set_pictures([shelf.entry(name) for name in ("w1", "w2", "w3")])
    qtbot.waitUntil(lambda: not four.busy)
    assert sorted(shelf.loaded) == ["f1", "f2", "w1", "w2", "w3"]
    assert four.list.item_of("w1").icon().pixmap(THUMBNAIL).toImage().pixelColor(56, 36).red() == 200


def test_what_is_chosen_stays_chosen_when_the_visit_is_shown_again(four, shelf) -> None:
    select(four, "w1", "f2")
    four.set_pictures(four._entries)
    assert {id_of(item) for item in four.list.selectedItems()} == {"w1", "f2"}


def test_thumbnails_of_a_visit_before_do_not_come_late(strip, shelf, qtbot) -> None:
    shelf.gate = threading.Event()
    strip.set_pictures([shelf.entry("old")])
    qtbot.waitUntil(lambda: shelf.loaded == ["old"])
    strip.set_pictures([shelf.entry("new")])
    shelf.gate.set()
    qtbot.waitUntil(lambda: not strip.busy)
    assert list(strip._icons) == ["new"]


def test_a_picture_that_cannot_be_read_says_so_and_the_others_come(strip, shelf, qtbot) -> None:
    strip.set_pictures([shelf.entry("bad", broken=True), shelf.entry("good")])
    qtbot.waitUntil(lambda: not strip.busy)
    bad = strip.list.item_of("bad")
    assert "cannot be read" in bad.text()
    assert "Bad is damaged." in bad.toolTip()
    assert "cannot be read" in bad.data(Qt.ItemDataRole.AccessibleTextRole)
    assert "good" in strip._icons
    strip.set_on_stage(["bad"])
    assert "cannot be read" in bad.text(), "and it stays said"


def test_pictures_on_the_stage_are_marked_by_sign_letters_and_speech(four) -> None:
    four.set_on_stage(["w1", None, "f2"])
    for picture_id, shown in {"w1": True, "f1": False, "w2": False, "f2": True}.items():
        item = four.list.item_of(picture_id)
        assert item.text().startswith("●") is shown
        assert item.font().bold() is shown
        assert ("on the stage" in item.data(Qt.ItemDataRole.AccessibleTextRole)) is shown
    four.set_on_stage([])
    assert not four.list.item_of("w1").text().startswith("●")


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_two_pictures_and_enter_ask_for_the_pair(four, qtbot, key) -> None:
    asked = heard(four.pair_requested)
    select(four, "f2", "w1")
    qtbot.keyClick(four.list, key)
    assert asked == [("w1", "f2")]


def test_one_picture_and_enter_ask_for_it_alone(four, qtbot) -> None:
    asked = heard(four.pair_requested)
    select(four, "f1")
    qtbot.keyClick(four.list, Qt.Key.Key_Return)
    assert asked == [(None, "f1")]


def test_enter_with_nothing_chosen_asks_for_nothing(four, qtbot) -> None:
    said = heard(four.pair_requested), heard(four.declined)
    select(four)
    qtbot.keyClick(four.list, Qt.Key.Key_Return)
    assert said == ([], [])


def test_two_of_one_source_are_declined_with_a_reason(four, qtbot) -> None:
    asked, declined = heard(four.pair_requested), heard(four.declined)
    select(four, "w1", "w2")
    qtbot.keyClick(four.list, Qt.Key.Key_Return)
    assert asked == []
    assert declined == [(NEEDS_BOTH,)]


def test_a_double_click_asks_for_one_picture(four, qtbot) -> None:
    asked = heard(four.pair_requested)
    at = middle(four, "w2").toPoint()
    qtbot.mouseClick(four.list.viewport(), LEFT, pos=at)
    qtbot.mouseDClick(four.list.viewport(), LEFT, pos=at)
    assert asked == [("w2", None)]


def test_a_dragged_picture_carries_its_id(four) -> None:
    select(four, "w1", "f1")
    four.list.setCurrentItem(four.list.item_of("f1"))
    items = [four.list.item_of("w1"), four.list.item_of("f1")]
    assert bytes(four.list.mimeData(items).data(PICTURE_MIME).data()) == b"f1"
    assert bytes(four.list.mimeData(items[:1]).data(PICTURE_MIME).data()) == b"w1"
    assert four.list.mimeTypes() == [PICTURE_MIME]


@pytest.mark.parametrize(("dragged", "under"), [("f2", "w1"), ("w1", "f2")])
def test_one_picture_dropped_on_another_asks_for_the_pair(four, dragged, under) -> None:
    asked = heard(four.pair_requested)
    drop(four, middle(four, under), carried(dragged))
    assert asked == [("w1", "f2")]
    assert four.list.count() == 4, "nothing was moved out of the list"


@pytest.mark.parametrize("where", ["itself", "beside"])
def test_a_drop_on_itself_or_beside_asks_for_nothing(four, where) -> None:
    said = heard(four.pair_requested), heard(four.declined)
    at = middle(four, "w1") if where == "itself" else QPointF(890, 10)
    drop(four, at, carried("w1"))
    assert said == ([], [])


def test_a_drop_is_announced_only_over_another_picture(four) -> None:
    assert drag_over(four, middle(four, "f1"), carried("w1"))
    assert not drag_over(four, QPointF(890, 10), carried("w1"))


def test_files_are_left_to_the_page(four) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/somewhere/picture.png")])
    assert not drag_over(four, middle(four, "f1"), data)


def test_the_strip_has_a_name_and_takes_the_keys(strip, shelf, qtbot) -> None:
    strip.set_pictures([shelf.entry("w1")])
    qtbot.waitUntil(lambda: not strip.busy)
    assert strip.list.accessibleName()
    assert strip.focusProxy() is strip.list


def test_a_strip_closed_while_it_loads_leaves_nothing_behind(qtbot, shelf, ended) -> None:
    shelf.gate = threading.Event()
    strip = Filmstrip()
    strip.set_pictures([shelf.entry("w1"), shelf.entry("w2")])
    qtbot.waitUntil(lambda: shelf.loaded == ["w1"])
    gone = heard(strip.destroyed)
    strip.deleteLater()
    del strip
    qtbot.waitUntil(lambda: len(gone) == 1)
    shelf.gate.set()
    ended("thumbnail_job")
    QApplication.processEvents()
    assert shelf.loaded == ["w1"], "the second is not begun"


def test_delete_and_the_context_menu_ask_for_the_chosen_pictures_to_be_removed(four, qtbot) -> None:
    asked: list[list[str]] = []
    four.removal_asked.connect(asked.append)
    four.list.clearSelection()
    qtbot.keyClick(four.list, Qt.Key.Key_Delete)
    assert asked == []
    four.list.setCurrentRow(1)
    chosen = id_of(four.list.item(1))
    qtbot.keyClick(four.list, Qt.Key.Key_Delete)
    menu = four.list.menu()
    next(action for action in menu.actions() if "Remove" in action.text()).trigger()
    menu.deleteLater()
    assert asked == [[chosen], [chosen]]


@pytest.fixture
def timed(strip, shelf, qtbot) -> Filmstrip:
    """Saline, then acetic acid four minutes later, then a clip."""
    made = [
        replace(shelf.entry("s"), group="Before acetic acid", begins=True),
        replace(shelf.entry("a"), group="After acetic acid", begins=True, gap="4 min"),
        replace(shelf.entry("clip k"), group="After acetic acid", gap="15 s", clip_id="k", caption="▶ Clip"),
    ]
    strip.set_pictures(made)
    qtbot.waitUntil(lambda: not strip.busy)
    return strip


def test_parts_and_gaps_of_the_examination_take_room_and_are_spoken(timed, shelf) -> None:
    rects = [timed.list.visualItemRect(timed.list.item(row)) for row in range(3)]
    assert rects[1].width() >= rects[0].width() + 30  # the gap before it
    assert rects[0].right() < rects[1].left() < rects[1].right() < rects[2].left()
    spoken = [timed.list.item(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(3)]
    assert "Before acetic acid" in spoken[0]
    assert spoken[1].endswith("After acetic acid, 4 min after what stands before it")
    assert "Before acetic acid" in timed.list.item(0).toolTip()


def test_the_words_of_the_line_are_painted_above_the_thumbnails(timed) -> None:
    timed.list.viewport().grab()  # laid out
    bare = timed.list.viewport().grab().toImage()
    timed.set_pictures([replace(entry, group="", gap="") for entry in timed._entries])
    assert timed.list.viewport().grab().toImage() != bare


def test_enter_and_a_double_click_on_a_clip_ask_to_play_it(timed, qtbot) -> None:
    said, pairs = heard(timed.clip_asked), heard(timed.pair_requested)
    timed.list.setFocus()
    timed.list.setCurrentRow(2)
    qtbot.keyClick(timed.list, Qt.Key.Key_Return)
    at = middle(timed, "clip k").toPoint()
    qtbot.mouseClick(timed.list.viewport(), LEFT, pos=at)
    qtbot.mouseDClick(timed.list.viewport(), LEFT, pos=at)
    assert said == [("k",), ("k",)]
    assert pairs == []


def test_a_clip_is_no_picture_it_is_not_removed_nor_moved_nor_paired(timed, qtbot) -> None:
    removed, moved, declined = heard(timed.removal_asked), heard(timed.move_asked), heard(timed.declined)
    select(timed, "clip k")
    qtbot.keyClick(timed.list, Qt.Key.Key_Delete)
    timed.list.ask_move()
    assert (removed, moved) == ([], [])
    assert [words for (words,) in declined] == [CLIPS_STAY] * 2
    select(timed, "a", "clip k")
    qtbot.keyClick(timed.list, Qt.Key.Key_Delete)
    assert removed == [(["a"],)]
    pairs = heard(timed.pair_requested)
    drop(timed, middle(timed, "clip k"), carried("a"))
    assert pairs == []
    select(timed, "clip k")
    assert [action.text() for action in timed.list.menu().actions()] == ["Play"]


def test_a_clip_that_could_not_be_read_is_looked_at_again_as_it_may_have_grown(strip, shelf, qtbot) -> None:
    broken = replace(shelf.entry("clip k", broken=True), clip_id="k")
    strip.set_pictures([broken, shelf.entry("w", broken=True)])
    qtbot.waitUntil(lambda: not strip.busy)
    assert "cannot be read" in strip.list.item(0).text()
    strip.set_pictures([replace(shelf.entry("clip k"), clip_id="k"), shelf.entry("w")])
    qtbot.waitUntil(lambda: not strip.busy)
    assert "cannot be read" not in strip.list.item(0).text()
    assert "cannot be read" in strip.list.item(1).text()  # a stored picture never changes
