"""Clips are recorded, looked through and pulled out of; whitening is measured and put on record."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from pfm_desktop.capture.status import StreamState
from pfm_desktop.domain.clip import ClipKind
from pfm_desktop.domain.examination import Whitening
from pfm_desktop.gui.pages.capture.looking import Shows
from pfm_desktop.gui.pages.capture.page import CapturePage
from pfm_desktop.gui.undo import Undo
from pfm_desktop.services.capture import clips, following, records
from pfm_desktop.support.errors import BadInputError, UserError
from pfm_desktop.viewmodels import capture_words as say
from pfm_desktop.viewmodels import clips as rows
from pfm_desktop.viewmodels import whitening as words
from pfm_desktop.viewmodels.session import Session

from .conftest import Room

pytestmark = pytest.mark.slow

K = Qt.Key
SQUARE = ((10.0, 10.0), (20.0, 10.0), (20.0, 20.0), (10.0, 20.0))
LEFT = Qt.MouseButton.LeftButton
Press = Callable[..., None]
Passes = Callable[[float], None]
Settle = Callable[[], None]
Taken = Callable[[], list[tuple[str, float | None]]]


@pytest.fixture
def recorded(
    qtbot: QtBot, page: CapturePage, press: Press, room: Room, passes: Passes, session: Session, settle: Settle
) -> CapturePage:
    """A clip of some frames is on record."""
    press(K.Key_R)
    for shade in (40, 80, 120):
        room.device.stream.push(shade)
        passes(0.5)
    press(K.Key_R)
    qtbot.waitUntil(lambda: [one.closed for one in of_visit(session)] == [True], timeout=10_000)
    settle()
    return page


def of_visit(session: Session) -> tuple[clips.Clip, ...]:
    assert session.case is not None
    return clips.clips_of(session.library, session.case.visit.id)


def test_while_a_clip_is_recorded_that_is_said_and_its_end_too(
    qtbot: QtBot, page: CapturePage, press: Press, room: Room, passes: Passes, heard: list[str]
) -> None:
    press(K.Key_R)
    room.device.stream.push()
    passes(2.0)
    assert any("REC" in badge for badge in page.view.badges)
    assert page.tools.buttons["record"].isChecked()
    room.device.stream.push()
    press(K.Key_R)
    qtbot.waitUntil(lambda: any("is in the library" in text for text in heard), timeout=10_000)
    assert not any("REC" in badge for badge in page.view.badges)
    assert not page.tools.buttons["record"].isChecked()


def test_while_no_picture_comes_the_clip_counts_no_further_and_says_so(
    qtbot: QtBot, page: CapturePage, press: Press, room: Room, passes: Passes
) -> None:
    press(K.Key_R)
    passes(2.0)
    room.device.stream.push()
    room.device.stream.becomes(StreamState.STALLED, "It was unplugged.")
    qtbot.waitUntil(lambda: page.view.said == "It was unplugged.")
    passes(30.0)
    assert [badge for badge in page.view.badges if "REC" in badge] == ["● REC 0:02, stalled"]
    room.device.stream.becomes(StreamState.LIVE, "It gives pictures.")
    qtbot.waitUntil(lambda: page.view.said == "")
    assert "● REC 0:32" in page.view.badges
    press(K.Key_R)


def test_a_clip_without_a_frame_leaves_none_and_says_so(
    qtbot: QtBot, page: CapturePage, press: Press, heard: list[str], session: Session
) -> None:
    press(K.Key_R, K.Key_R)
    qtbot.waitUntil(lambda: any("No clip was recorded" in text for text in heard), timeout=10_000)
    assert of_visit(session) == ()


def test_a_clip_is_looked_through_frame_by_frame_and_a_frame_goes_into_the_visit(
    qtbot: QtBot, recorded: CapturePage, press: Press, settle: Settle, taken: Taken, undo: Undo, heard: list[str]
) -> None:
    press(K.Key_L)
    assert recorded.looking.shows is Shows.CLIP
    assert say.FROM_CLIP in recorded.view.badges
    panel = recorded.cards.clips
    assert panel.slider.maximum() == 2
    press(K.Key_Right, K.Key_Right)
    assert panel.slider.value() == 2
    qtbot.mouseClick(panel.pull, LEFT)
    settle()
    assert taken() == [("saline", None)]
    assert heard[-1] == "The frame is in the visit."
    qtbot.mouseClick(panel.pull, LEFT)
    settle()
    assert heard[-1] == "This frame is in the visit already."
    assert undo.undo()
    assert taken() == []
    panel.list.setFocus()
    qtbot.keyClick(panel.list, K.Key_Escape)
    assert recorded.looking.shows is Shows.LIVE
    assert recorded.view.hasFocus()


def test_a_clip_is_offered_by_its_time_and_no_file_is_written_over_unasked(
    recorded: CapturePage, qtbot: QtBot, press: Press, heard: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(K.Key_L)
    panel = recorded.cards.clips
    qtbot.waitUntil(panel.export.isEnabled, timeout=10_000)
    asked: list[Path] = []
    wanted: list[Path] = []
    ffv1 = rows.VIDEOS[1][1]

    def choose() -> None:
        qtbot.mouseClick(panel.export, LEFT)
        dialog = panel.findChild(QFileDialog, "export_clip")
        assert isinstance(dialog, QFileDialog)
        asked.append(Path(dialog.selectedFiles()[0]))
        dialog.selectNameFilter(ffv1)
        dialog.fileSelected.emit(str(tmp_path / "for the talk.avi"))
        delete(dialog)

    monkeypatch.setattr(panel, "export_to", lambda out, _coding: wanted.append(out))
    (tmp_path / "for the talk.mkv").write_bytes(b"of somebody else")
    choose()
    assert re.fullmatch(r"clip \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.avi", asked[0].name)
    assert asked[0].is_absolute()
    assert not wanted
    assert heard[-1].startswith("for the talk.mkv is there already.")
    (tmp_path / "for the talk.mkv").unlink()
    choose()
    assert wanted == [tmp_path / "for the talk.mkv"]


def test_escape_on_the_picture_goes_back_to_live(qtbot: QtBot, recorded: CapturePage, press: Press) -> None:
    press(K.Key_L)
    recorded.view.setFocus()
    qtbot.keyClick(recorded.view, K.Key_Escape)
    assert not recorded.cards.open
    assert recorded.looking.shows is Shows.LIVE


def test_a_pair_that_is_to_be_taken_again_is_said_where_its_card_is_out_of_sight(
    qtbot: QtBot, recorded: CapturePage, press: Press, settle: Settle, heard: list[str]
) -> None:
    press(K.Key_L)
    recorded.examining.take_next(None, pair=True)
    settle()
    qtbot.waitUntil(lambda: recorded.examining.outcome.verdict[0] is not None, timeout=10_000)
    outcome = recorded.examining.outcome
    verdict = replace(outcome.verdict[0], keep=False, words="Retake: blurred")
    for _ in range(2):
        outcome._judged.emit(outcome.last, verdict, "")
        settle()
    assert recorded.cards.open
    assert heard.count("Retake: blurred (the last pair)") == 1


def test_space_on_the_check_box_switches_it_and_a_click_on_it_leaves_space_to_the_page(
    qtbot: QtBot, recorded: CapturePage, press: Press, settle: Settle, taken: Taken
) -> None:
    press(K.Key_L)
    panel = recorded.cards.clips
    qtbot.mouseClick(panel.clock, LEFT, pos=QPoint(8, panel.clock.height() // 2))
    was = panel.clock.isChecked()
    assert not panel.clock.hasFocus()
    panel.clock.setFocus(Qt.FocusReason.TabFocusReason)
    press(K.Key_Space)
    assert panel.clock.isChecked() is not was
    assert taken() == []
    panel.list.setFocus()
    press(K.Key_Space)
    settle()
    assert taken() == [("saline", None)]


def test_a_clip_that_was_removed_comes_back_by_undo(
    qtbot: QtBot, recorded: CapturePage, press: Press, session: Session, undo: Undo, settle: Settle
) -> None:
    press(K.Key_L)
    panel = recorded.cards.clips
    qtbot.mouseClick(panel.remove, LEFT)
    assert of_visit(session) == ()
    assert panel.list.count() == 0
    assert undo.undo()
    settle()
    assert len(of_visit(session)) == 1
    assert panel.list.count() == 1


def test_clips_are_looked_through_without_a_camera(
    qtbot: QtBot, recorded: CapturePage, press: Press, room: Room
) -> None:
    room.refuses = UserError("no camera")
    press(K.Key_F5)
    assert recorded.view.shown is None
    press(K.Key_L)
    qtbot.waitUntil(lambda: recorded.view.shown is not None)
    press(K.Key_L)
    assert recorded.view.shown is None
    assert "No camera" in recorded.view.said


def test_space_while_a_clip_is_looked_through_goes_live_and_takes(
    recorded: CapturePage, press: Press, taken: Taken
) -> None:
    press(K.Key_L, K.Key_Space)
    assert recorded.looking.shows is Shows.LIVE
    assert taken() == [("saline", None)]


def test_a_clip_that_is_ended_as_the_library_closes_is_whole(
    page: CapturePage, press: Press, room: Room, session: Session, passes: Passes
) -> None:
    press(K.Key_R)
    for _ in range(3):
        room.device.stream.push()
        passes(0.1)
    page.recording.stop()
    (clip,) = of_visit(session)
    assert (clip.closed, clip.complete) == (True, True)


# whitening

CURVE = Whitening(
    region=((1.0, 1.0), (9.0, 1.0), (5.0, 9.0)), seconds=(1.0, 2.0), change=(0.0, 8.0), peak=8.0, peak_s=2.0
)


@pytest.fixture
def followed(page: CapturePage, press: Press, passes: Passes, room: Room, qtbot: QtBot) -> CapturePage:
    """Whitening is followed live."""
    press(K.Key_A)
    passes(0.5)
    assert page.recording.runs(ClipKind.WHITENING)
    room.device.stream.push()
    qtbot.waitUntil(lambda: page.recording.followed is not None, timeout=10_000)
    return page


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, object]]:
    """Regions that were measured, each with its normal tissue."""
    asked: list[tuple[object, object]] = []

    def curve_of(_ctx: object, _followed: object, region: object, normal: object) -> Whitening:
        asked.append((region, normal))
        return CURVE

    def map_of(*_: object) -> object:
        raise BadInputError("too few frames")

    monkeypatch.setattr(following, "curve_of", curve_of)
    monkeypatch.setattr(following, "map_of", map_of)
    return asked


def test_a_click_shows_how_the_place_whitened_and_it_goes_on_record(
    qtbot: QtBot,
    followed: CapturePage,
    press: Press,
    settle: Settle,
    measured: list[tuple[object, object]],
    session: Session,
    heard: list[str],
) -> None:
    press(K.Key_C)
    panel = followed.cards.whitening
    assert panel.isVisible()
    assert say.OF_WHITENING in followed.view.badges
    qtbot.waitUntil(lambda: followed.view.shown is not None)
    qtbot.mouseClick(followed.view, LEFT, pos=followed.view.rect().center())
    settle()
    assert measured
    assert "8.0" in panel.summary.text()
    qtbot.mouseClick(panel.keep, LEFT)
    settle()
    assert words.KEPT in heard
    assert session.case is not None
    (kept,) = records.whitenings(session.library, session.case.visit.id)
    assert kept.whitening.peak == 8.0
    listed = panel.kept.list
    assert [listed.item(row).text() for row in range(listed.count())] == [words.kept_text(1, kept.whitening)]
    listed.setCurrentRow(0)
    asked = len(measured)
    panel._look()
    settle()
    assert len(measured) == asked, "what is on record is not measured anew"
    assert followed.view.region == kept.whitening.region


def test_a_place_on_record_is_looked_at_again_and_taken_off_and_undo_brings_it_back(
    qtbot: QtBot,
    followed: CapturePage,
    press: Press,
    settle: Settle,
    measured: list[tuple[object, object]],
    session: Session,
    undo: Undo,
) -> None:
    case = session.case
    assert case is not None
    visit = case.visit.id
    place = Whitening(SQUARE, (0.0, 45.0), (0.0, 6.5), peak=6.5, peak_s=45.0)
    records.keep_whitening(session.library, visit, "another clip", place)
    press(K.Key_C)
    panel = followed.cards.whitening
    kept = panel.kept
    assert kept.isVisible()
    assert not kept.remove.isEnabled()
    qtbot.waitUntil(lambda: followed.view.shown is not None)
    listed = kept.list
    qtbot.mouseClick(listed.viewport(), LEFT, pos=listed.visualItemRect(listed.item(0)).center())
    assert "6.5" in panel.summary.text()
    assert panel.caution.text() == words.OTHER_CLIP
    assert followed.view.region == ()
    assert not panel.keep.isEnabled()  # it is on record
    qtbot.mouseClick(followed.view, LEFT, pos=followed.view.rect().center())
    settle()
    assert panel.keep.isEnabled()  # another place
    assert not kept.looked_at
    listed.setFocus()
    qtbot.keyClick(listed, K.Key_Home)
    qtbot.mouseClick(kept.remove, LEFT)
    settle()
    assert records.whitenings(session.library, visit) == ()
    assert kept.isHidden()
    assert undo.undo()
    assert len(records.whitenings(session.library, visit)) == 1
    assert kept.isVisible()


def test_the_curve_is_taller_in_a_higher_window_and_its_numbers_are_whole(followed: CapturePage, press: Press) -> None:
    plot = followed.cards.whitening.plot
    for height, taller in ((700, False), (1050, True)):
        followed.resize(1250, height)
        press(K.Key_C)
        assert (plot.height() > 200) is taller
        top = plot.getPlotItem().vb.sceneBoundingRect().top()
        assert top + 1 >= plot.fontMetrics().height() // 2, "half of the number at the top stands above the axis"
        press(K.Key_C)


def test_nothing_of_a_whitening_is_seen_in_the_visit_of_another_woman(
    qtbot: QtBot,
    followed: CapturePage,
    press: Press,
    settle: Settle,
    measured: list[tuple[object, object]],
    session: Session,
    visits: dict[str, str],
) -> None:
    press(K.Key_C)
    qtbot.waitUntil(lambda: followed.view.shown is not None)
    qtbot.mouseClick(followed.view, LEFT, pos=followed.view.rect().center())
    settle()
    session.open_visit(visits["Brandt"])
    panel = followed.cards.whitening
    assert panel.isHidden()
    assert followed.view.region == ()
    press(K.Key_C)
    assert panel.summary.text() == ""
    assert panel.hint.text() == words.NO_CLIP
    assert not panel.keep.isVisible()
    assert session.case is not None
    assert records.whitenings(session.library, session.case.visit.id) == ()


def test_a_clip_that_is_being_read_for_one_woman_is_not_shown_for_another(
    qtbot: QtBot,
    page: CapturePage,
    press: Press,
    monkeypatch: pytest.MonkeyPatch,
    session: Session,
    visits: dict[str, str],
    settle: Settle,
) -> None:
    go, begun = threading.Event(), threading.Event()

    def from_clips(_ctx: object, _lib: object, _clips: object) -> object:
        begun.set()
        assert go.wait(20)
        return object()

    monkeypatch.setattr(following, "from_clips", from_clips)
    monkeypatch.setattr(page.cards.source, "_clips", lambda: ("clip of Adler",))
    press(K.Key_C)
    assert begun.wait(20)
    session.open_visit(visits["Brandt"])
    go.set()
    qtbot.waitUntil(lambda: not page.cards.source._jobs.busy)
    settle()
    assert page.cards.source._read is None
