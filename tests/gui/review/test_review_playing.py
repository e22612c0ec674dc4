"""The player: the acetic acid sequence of the visit, and its clips."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.capture.recorder import Recorder
from pfm_desktop.capture.source import Frame as Taken
from pfm_desktop.domain.clip import ClipKind
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.gui.pages.review.page import ReviewPage
from pfm_desktop.gui.undo import Undo
from pfm_desktop.gui.widgets.filmstrip import id_of
from pfm_desktop.imaging.registration import Registration
from pfm_desktop.services import cases, removal
from pfm_desktop.services import playing as real
from pfm_desktop.services.capture.clips import begin_clip
from pfm_desktop.services.playing import Frame, Lies, Played
from pfm_desktop.storage import journal as lines
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError
from pfm_desktop.viewmodels import playing as words
from pfm_desktop.viewmodels.captions import Caption
from pfm_desktop.viewmodels.session import Session

from .conftest import BLUE, HEIGHT, WIDTH, Clinic, Opened, click, close_to, colour_at, picture, reveal, settle

pytestmark = pytest.mark.slow  # each test opens visits and waits for pictures

Key = Qt.Key
SERIES = ((30.0, (90, 60, 60)), (60.0, (200, 200, 200)), (90.0, (40, 120, 120)))


@dataclass
class Service:
    """The real one, but for registration: `loose` says which (by number) cannot be aligned; `gate` holds it up."""

    gate: threading.Event | None = None
    loose: frozenset[int] = frozenset()
    made: list[int] = field(default_factory=list)

    Reading = real.Reading
    shown_pixels = staticmethod(real.shown_pixels)
    clip_sequence = staticmethod(real.clip_sequence)

    def acetic_sequence(self, ctx: Any, lib: Library, visit_id: str, pictures: Any, clip_ids: Any) -> Played:
        self.made.append(len(pictures))
        for number in range(len(pictures)):
            ctx.progress(number, len(pictures), f"Aligning {number + 1} of {len(pictures)}")
        if self.gate is not None:
            assert self.gate.wait(20)
        ctx.check()
        if not pictures:
            raise StorageError("there are no two pictures to play")
        size = (WIDTH, HEIGHT)
        shift = np.array([[1.0, 0, 6], [0, 1, 4], [0, 0, 1]])
        laid = Registration(RegistrationStatus.OK, 0.4, shift, np.zeros((2, 2, 2), np.float32), size, size)
        frames = [
            Frame(one, Lies.FIRST) if number == 0
            else Frame(one, Lies.NOT, why="nothing alike") if number in self.loose
            else Frame(one, Lies.ALIGNED, laid)
            for number, one in enumerate(sorted(pictures, key=lambda one: one.since_acid))
        ]  # fmt: skip
        return Played(visit_id, tuple(frames))


@pytest.fixture
def series(clinic: Clinic) -> list[str]:
    """Three pictures of Adler's visit after acetic acid, each of another colour; ids by their seconds."""
    return [
        cases.add_picture(
            clinic.lib, clinic.adler, picture(colour, 900 + number), stage=Stage.ACETIC_ACID, seconds_since_acid=since
        ).id
        for number, (since, colour) in enumerate(SERIES)
    ]


@pytest.fixture
def service(page: ReviewPage) -> Service:
    made = Service()
    page.guests.playing.service = made
    return made


class Clock:
    """Seconds that go on when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(page: ReviewPage) -> Clock:
    made = Clock()
    page.guests.playing.clock = made
    return made


Begun = Callable[[], None]


@pytest.fixture
def begun(page: ReviewPage, clinic: Clinic, service: Service, series: list[str], opened: Opened, qtbot: QtBot) -> Begun:
    """Adler's visit is open and the first picture of its sequence is on the stage, paused."""

    def begin() -> None:
        opened(clinic.adler)
        press(page, qtbot, Key.Key_F9)
        qtbot.waitUntil(lambda: page.guests.playing.index == 0, timeout=10_000)
        page.guests.playing.pause()
        settle(qtbot, page)

    return begin


def press(page: ReviewPage, qtbot: QtBot, key: Qt.Key) -> None:
    page.stage.setFocus()
    qtbot.keyClick(page.stage, key)


def caption(page: ReviewPage) -> Caption:
    captions = page.stage.shown.captions
    assert captions is not None
    return captions.of[Source.WHITE]


def shows(page: ReviewPage, qtbot: QtBot, index: int) -> None:
    """Wait until a picture of the sequence is on the stage, and look at it."""
    qtbot.waitUntil(lambda: page.guests.playing.index == index, timeout=10_000)
    assert close_to(colour_at(page, 0), SERIES[index][1])
    assert caption(page).big == f"{SERIES[index][0]:.0f} s"


def test_the_sequence_plays_to_its_end_and_then_again_from_the_first(
    page: ReviewPage, clinic: Clinic, service: Service, series: list[str], opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    seen: list[str] = []
    page.guests.playing.bar.speed.setCurrentIndex(3)
    set_prepared = page.stage.set_prepared

    def watched(pair: Any) -> None:
        seen.append(pair.captions.of[Source.WHITE].big)
        set_prepared(pair)

    page.stage.set_prepared = watched  # type: ignore[method-assign]
    press(page, qtbot, Key.Key_F9)
    qtbot.waitUntil(lambda: page.guests.playing.index == 0, timeout=10_000)
    page.guests.playing.bar.speed.setCurrentIndex(3)
    qtbot.waitUntil(lambda: page.guests.playing.index == 2 and not page.guests.playing.playing, timeout=10_000)
    assert seen == ["30 s", "60 s", "90 s"]
    assert page.guests.playing.bar.play.accessibleName() == "Play"
    press(page, qtbot, Key.Key_Space)
    qtbot.waitUntil(lambda: page.guests.playing.index == 0, timeout=10_000)
    assert page.guests.playing.playing
    press(page, qtbot, Key.Key_Space)
    assert not page.guests.playing.playing


def test_stepping_and_scrubbing_show_the_picture_that_is_asked_for(
    page: ReviewPage, begun: Begun, qtbot: QtBot
) -> None:
    begun()
    shows(page, qtbot, 0)
    assert "The first" in caption(page).lines[1]
    press(page, qtbot, Key.Key_Period)
    shows(page, qtbot, 1)
    assert caption(page).lines == ("Picture 2 of 3", "Aligned with the first, 0.4 px", words.PLAYER)
    press(page, qtbot, Key.Key_End)
    shows(page, qtbot, 2)
    press(page, qtbot, Key.Key_Period)  # there is none
    press(page, qtbot, Key.Key_Comma)
    shows(page, qtbot, 1)
    press(page, qtbot, Key.Key_Home)
    shows(page, qtbot, 0)
    slider = page.guests.playing.bar.slider
    slider.setFocus()
    qtbot.keyClick(slider, Key.Key_End)
    shows(page, qtbot, 2)
    qtbot.mouseClick(page.guests.playing.bar.back_one, Qt.MouseButton.LeftButton)
    shows(page, qtbot, 1)
    assert not page.guests.playing.bar.play.text().startswith("❚❚")


def test_unlike_pictures_follow_each_other_at_most_three_times_a_second_whatever_is_pressed(
    page: ReviewPage, begun: Begun, clock: Clock, qtbot: QtBot
) -> None:
    begun()
    player = page.guests.playing
    for key in (Key.Key_Period, Key.Key_Comma, Key.Key_End, Key.Key_Home, Key.Key_Period):
        press(page, qtbot, key)
    qtbot.waitUntil(lambda: 1 in player._ready and not player._work.busy, timeout=10_000)
    clock.now += 0.333
    player._show_wanted()
    assert player.index == 0  # not yet
    assert player._due.isActive()
    clock.now += 0.002
    player._show_wanted()
    assert player.index == 1
    assert words.LIMIT in player.bar.said.text()
    assert words.LIMIT in player.bar.speed.toolTip()


def test_pictures_that_hardly_differ_may_follow_ten_times_a_second(
    page: ReviewPage, clinic: Clinic, service: Service, clock: Clock, opened: Opened, qtbot: QtBot
) -> None:
    for number, since in enumerate((30.0, 60.0)):
        data = picture((90 + 4 * number, 60, 60), 950 + number)
        cases.add_picture(clinic.lib, clinic.adler, data, stage=Stage.ACETIC_ACID, seconds_since_acid=since)
    opened(clinic.adler)
    press(page, qtbot, Key.Key_F9)
    player = page.guests.playing
    qtbot.waitUntil(lambda: player.index == 0, timeout=10_000)
    player.step(1)
    qtbot.waitUntil(lambda: 1 in player._ready and not player._work.busy, timeout=10_000)
    player._show_wanted()
    assert player.index == 0
    clock.now += 0.101
    player._show_wanted()
    assert player.index == 1


def test_escape_brings_back_pair_zoom_mode_and_tool(
    page: ReviewPage, clinic: Clinic, begun: Begun, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.choose_tool("os")
    for key in (Key.Key_2, Key.Key_Plus, Key.Key_Right):
        press(page, qtbot, key)
    view, registration = page.stage.view, page.stage.registration
    begun()
    assert page.stage.view.zoom is None  # the whole of the first picture
    press(page, qtbot, Key.Key_Minus)
    press(page, qtbot, Key.Key_Escape)
    settle(qtbot, page)
    assert page.stage.view == view
    assert page.stage.registration is registration
    assert page.stage.tool == "os"
    assert page.stage.shown.captions is None
    assert not page.guests.playing.bar.isVisible()
    assert page.bar.chip.isVisible()
    assert all(button.isEnabled() for button in page.bar.modes.values())


def test_the_filmstrip_marks_what_is_played_and_then_the_pair_again(
    page: ReviewPage, begun: Begun, series: list[str], qtbot: QtBot
) -> None:
    def marked() -> list[str]:
        strip = page.pictures.filmstrip.list
        return [id_of(strip.item(row)) for row in range(strip.count()) if strip.item(row).text().startswith("●")]

    begun()
    assert marked() == series[:1]
    press(page, qtbot, Key.Key_End)
    shows(page, qtbot, 2)
    assert marked() == series[2:]
    page._show_desk()  # whatever is heard of the visit meanwhile
    assert marked() == series[2:]
    press(page, qtbot, Key.Key_Escape)
    settle(qtbot, page)
    pair = page.loader.desk.pair
    assert pair is not None
    assert set(marked()) == {pair.white_id, pair.fluorescence_id}


def test_place_and_zoom_stay_from_picture_to_picture(page: ReviewPage, begun: Begun, qtbot: QtBot) -> None:
    begun()
    press(page, qtbot, Key.Key_Plus)
    view = page.stage.view
    press(page, qtbot, Key.Key_Period)
    shows(page, qtbot, 1)
    assert page.stage.view == view


def test_while_it_plays_nothing_is_read_revealed_signed_or_marked(
    page: ReviewPage, clinic: Clinic, session: Session, begun: Begun, opened: Opened, qtbot: QtBot, problems: list[str]
) -> None:
    opened(clinic.adler)
    page.choose_tool("pin")
    click(qtbot, page, 30, 30)
    reveal(session)
    settle(qtbot, page)
    before = session.case
    assert page.side.findings.isEnabled()
    begun()
    assert page.stage.marks.pins == ()
    assert page.stage.legend() is None
    assert not page.side.findings.isEnabled()
    assert not any(command.isEnabled() for command in page.side.commands())
    page._show_desk()  # whatever is heard meanwhile
    page.side.show_case(session.case)
    assert not any(command.isEnabled() for command in page.side.commands())
    for key in (Key.Key_P, Key.Key_O, Key.Key_C):
        press(page, qtbot, key)
        assert page.stage.tool == "pan"
    page.place_points()
    assert not page.points.active
    assert set(problems) == {words.LOCKED}
    click(qtbot, page, 50, 50)
    qtbot.keyClick(page, Key.Key_1, Qt.KeyboardModifier.ControlModifier)  # a grade
    assert session.case == before
    press(page, qtbot, Key.Key_Escape)
    settle(qtbot, page)
    assert page.side.findings.isEnabled()
    assert any(command.isEnabled() for command in page.side.commands())
    assert page.stage.marks.pins


def test_what_is_not_aligned_is_shown_as_taken_and_says_so(
    page: ReviewPage, service: Service, begun: Begun, qtbot: QtBot
) -> None:
    service.loose = frozenset({1})
    begun()
    assert "1 of 3 not aligned: shown as taken." in page.guests.playing.bar.said.text()
    press(page, qtbot, Key.Key_Period)
    shows(page, qtbot, 1)
    assert caption(page).lines[1] == "NOT ALIGNED: nothing alike"
    assert "NOT ALIGNED" in page.stage.accessibleDescription()


def test_the_sequence_is_made_once_while_the_visit_is_open(
    page: ReviewPage, clinic: Clinic, service: Service, begun: Begun, qtbot: QtBot
) -> None:
    begun()
    press(page, qtbot, Key.Key_F9)  # closes
    settle(qtbot, page)
    assert not page.guests.playing.active
    begun()
    assert service.made == [3]
    with clinic.lib.read() as rows:
        before = lines.length(rows)
    press(page, qtbot, Key.Key_Escape)
    with clinic.lib.read() as rows:
        assert lines.length(rows) == before


def test_another_visit_opened_while_it_is_made_shows_nothing_of_the_old_one(
    page: ReviewPage,
    clinic: Clinic,
    session: Session,
    service: Service,
    series: list[str],
    opened: Opened,
    qtbot: QtBot,
) -> None:
    service.gate = threading.Event()
    opened(clinic.adler)
    press(page, qtbot, Key.Key_F9)
    qtbot.waitUntil(lambda: page.guests.playing.bar.said.text() == "Aligning 3 of 3", timeout=10_000)
    assert page.guests.playing.bar.progress.isVisible()
    assert session.open_visit(clinic.brandt)
    assert not page.guests.playing.bar.isVisible()
    service.gate.set()
    settle(qtbot, page)
    qtbot.waitUntil(lambda: not page._jobs.busy)
    assert page.stage.shown.captions is None
    assert close_to(colour_at(page, 0), BLUE)


def test_another_visit_opened_while_it_plays_takes_it_away(
    page: ReviewPage, clinic: Clinic, session: Session, begun: Begun, qtbot: QtBot
) -> None:
    begun()
    page.guests.playing.toggle()
    assert session.open_visit(clinic.brandt)
    settle(qtbot, page)
    assert page.stage.shown.captions is None
    assert close_to(colour_at(page, 0), BLUE)
    assert page.side.findings.isEnabled()
    assert not page.guests.playing.playing


def test_making_it_can_be_cancelled_and_the_pair_was_there_all_the_time(
    page: ReviewPage, service: Service, clinic: Clinic, series: list[str], opened: Opened, qtbot: QtBot
) -> None:
    service.gate = threading.Event()
    opened(clinic.adler)
    view = page.stage.view
    press(page, qtbot, Key.Key_F9)
    assert page.guests.playing.bar.leave.text() == "Cancel"
    assert page.side.findings.isEnabled()
    qtbot.mouseClick(page.guests.playing.bar.leave, Qt.MouseButton.LeftButton)
    service.gate.set()
    settle(qtbot, page)
    qtbot.waitUntil(lambda: not page._jobs.busy)
    assert not page.guests.playing.begun
    assert page.stage.view == view
    assert page.stage.shown.captions is None


def test_cancelled_in_the_jobs_strip_it_is_gone_as_well(
    page: ReviewPage, service: Service, clinic: Clinic, series: list[str], opened: Opened, qtbot: QtBot
) -> None:
    service.gate = threading.Event()
    opened(clinic.adler)
    press(page, qtbot, Key.Key_F9)
    page._jobs.cancel(page._jobs.rows[0].name)
    service.gate.set()
    settle(qtbot, page)
    assert not page.guests.playing.begun
    assert not page.guests.playing.bar.isVisible()


def test_a_picture_that_is_removed_elsewhere_closes_the_player(
    page: ReviewPage,
    clinic: Clinic,
    session: Session,
    series: list[str],
    begun: Begun,
    qtbot: QtBot,
    problems: list[str],
) -> None:
    begun()
    removal.remove_pictures(clinic.lib, [series[1]])
    session.look_again()
    settle(qtbot, page)
    assert page.stage.shown.captions is None
    assert problems == [words.CHANGED]


def test_a_picture_whose_bytes_are_gone_while_it_plays_is_said_and_the_one_before_stays(
    page: ReviewPage,
    clinic: Clinic,
    session: Session,
    series: list[str],
    begun: Begun,
    qtbot: QtBot,
    problems: list[str],
) -> None:
    begun()
    assert session.case is not None
    sha256 = session.case.picture(series[1]).sha256  # type: ignore[union-attr]
    next(p for p in (clinic.lib.path / "pictures").rglob("*") if p.is_file() and sha256[4:] in p.name).unlink()
    press(page, qtbot, Key.Key_Period)
    qtbot.waitUntil(lambda: problems != [], timeout=10_000)
    settle(qtbot, page)
    assert page.guests.playing.index == 0
    assert page.guests.playing.bar.said.text().startswith("Picture 2 cannot be shown.")
    assert page.guests.playing.bar.slider.value() == 0
    press(page, qtbot, Key.Key_End)
    shows(page, qtbot, 2)


def test_a_visit_without_seconds_or_with_one_picture_says_why_there_is_nothing_to_play(
    page: ReviewPage, clinic: Clinic, opened: Opened, session: Session, qtbot: QtBot, problems: list[str]
) -> None:
    opened(clinic.adler)  # one picture of acetic acid, its seconds not known
    assert not page.pictures.play.isEnabled()
    assert page.pictures.play.toolTip() == words.NOT_TIMED
    press(page, qtbot, Key.Key_F9)
    assert problems == [words.NOT_TIMED]
    cases.add_picture(clinic.lib, clinic.adler, picture(BLUE, 3), stage=Stage.ACETIC_ACID, seconds_since_acid=60.0)
    session.refresh()
    settle(qtbot, page)
    assert page.pictures.play.toolTip() == words.ONE_ONLY


def test_the_button_plays(
    page: ReviewPage, clinic: Clinic, service: Service, series: list[str], opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    qtbot.mouseClick(page.pictures.play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.guests.playing.index == 0, timeout=10_000)
    assert page.stage.hasFocus()


def test_a_clip_in_the_filmstrip_is_played_by_enter_as_it_was_recorded(
    page: ReviewPage, clinic: Clinic, service: Service, opened: Opened, qtbot: QtBot
) -> None:
    writer = begin_clip(clinic.lib, clinic.adler, ClipKind.VIDEO, size=(64, 48))
    recording = Recorder(writer.put, began=writer.began)
    for number in range(4):
        pixels = np.full((48, 64, 3), 40 + 50 * number, np.uint8)
        recording.take(Taken(pixels, writer.began + number, number))
    writer.finish(recording.stop())
    opened(clinic.adler)
    strip = page.pictures.filmstrip.list
    strip.setFocus()
    strip.clearSelection()
    strip.setCurrentRow(next(row for row in range(strip.count()) if "Clip" in strip.item(row).text()))
    qtbot.keyClick(strip, Key.Key_Return)
    player = page.guests.playing
    qtbot.waitUntil(lambda: player.index == 0, timeout=10_000)
    player.pause()
    assert caption(page).lines[:2] == ("Clip, picture 1 of 4", "As recorded, not aligned")
    press(page, qtbot, Key.Key_End)
    qtbot.waitUntil(lambda: player.index == 3, timeout=10_000)
    assert close_to(colour_at(page, 0), (190, 190, 190))
    assert caption(page).big == "0:03"
    press(page, qtbot, Key.Key_Escape)
    settle(qtbot, page)
    assert page.stage.shown.captions is None


def test_comparing_and_playing_take_turns_and_the_pair_comes_back_as_it_was(
    page: ReviewPage, begun: Begun, qtbot: QtBot
) -> None:
    begun()
    press(page, qtbot, Key.Key_F7)
    settle(qtbot, page)
    assert not page.guests.playing.active
    assert page.guests.comparing.choosing
    press(page, qtbot, Key.Key_F9)
    qtbot.waitUntil(lambda: page.guests.playing.index == 0, timeout=10_000)
    assert not page.guests.comparing.choosing
    page.guests.give_back()
    settle(qtbot, page)
    assert page.stage.shown.captions is None
    assert page.stage.registration is not None


def test_leaving_the_page_pauses(page: ReviewPage, begun: Begun) -> None:
    begun()
    page.guests.playing.toggle()
    assert page.guests.playing.playing
    page.left()
    assert not page.guests.playing.playing
    assert page.guests.playing.active


def test_putting_another_pair_on_the_stage_ends_the_player(
    page: ReviewPage, clinic: Clinic, session: Session, begun: Begun, qtbot: QtBot
) -> None:
    begun()
    assert session.case is not None
    lugol = next(one for one in session.case.pictures if one.stage is Stage.LUGOL)
    page.pictures.filmstrip.pair_requested.emit(lugol.id, None)
    settle(qtbot, page)
    assert page.stage.shown.captions is None
    assert close_to(colour_at(page, 0), BLUE)


def test_a_sequence_that_comes_all_the_same_after_another_visit_was_opened_is_thrown_away(
    page: ReviewPage, clinic: Clinic, session: Session, begun: Begun, qtbot: QtBot, problems: list[str]
) -> None:
    """A job may have ended just before it was cancelled: its answer is on the way already."""
    begun()
    player = page.guests.playing
    ticket, played, plan = player._ticket, player._played, player._plan
    assert played is not None
    assert session.open_visit(clinic.brandt)
    settle(qtbot, page)
    player._come(ticket, played)
    player._plan = plan  # and even where the ticket were that of a question that stands
    player._come(player._ticket, played)
    assert not player.active
    player._failed(ticket, "a problem of another woman")
    assert page.stage.shown.captions is None
    assert close_to(colour_at(page, 0), BLUE)
    assert problems == []


def test_ctrl_z_in_the_player_takes_nothing_back_unseen(
    page: ReviewPage, clinic: Clinic, session: Session, begun: Begun, opened: Opened, undo: Undo, qtbot: QtBot,
    problems: list[str],
) -> None:  # fmt: skip
    opened(clinic.adler)
    page.choose_tool("pin")
    click(qtbot, page, 30, 30)
    begun()
    qtbot.keyClick(page.stage, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert session.case is not None
    assert len(session.case.pins) == 1
    assert problems == [words.LOCKED]
    assert undo.undo()  # it is still there to be undone, by the menu
