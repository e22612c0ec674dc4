"""An earlier visit's picture beside the one on the stage."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.gui.pages.review.page import ReviewPage
from pfm_desktop.imaging.registration import Registration
from pfm_desktop.imaging.registration.result import refused
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases, documenting, moving
from pfm_desktop.services import comparing as real
from pfm_desktop.storage import journal as lines
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import MemoryFullError
from pfm_desktop.viewmodels import comparing as words
from pfm_desktop.viewmodels.pair_view import Mode
from pfm_desktop.viewmodels.session import Session

from .conftest import (
    BLUE,
    GREEN,
    RED,
    Clinic,
    Opened,
    click,
    close_to,
    colour_at,
    picture,
    reveal,
    settle,
)  # fmt: skip

pytestmark = pytest.mark.slow  # each test opens visits and waits for pictures

Key, Plain = Qt.Key, Qt.KeyboardModifier.NoModifier
EARLIER = (150, 90, 30)


@dataclass
class Service:
    """The real one, but for the registration; `gate` holds that up, `before` is done while it runs."""

    status: RegistrationStatus = RegistrationStatus.OK
    gate: threading.Event | None = None
    load_gate: threading.Event | None = None
    before: Callable[[Library], object] | None = None
    broken: Exception | None = None
    registered: list[tuple[str, str]] = field(default_factory=list)

    earlier_visits = staticmethod(real.earlier_visits)
    check_one_woman = staticmethod(real.check_one_woman)

    def load(self, *args: Any) -> Any:
        if self.load_gate is not None:
            assert self.load_gate.wait(20)
        return real.load(*args)

    def register(self, ctx: Any, lib: Library, compared: Any) -> Registration:
        self.registered.append((compared.now.id, compared.earlier.id))
        if self.gate is not None:
            assert self.gate.wait(20)
        ctx.check()
        if self.broken is not None:
            raise self.broken
        if self.before is not None:
            self.before(lib)
        sizes = [(one.shape[1], one.shape[0]) for one in (compared.now_pixels, compared.earlier_pixels)]
        if self.status is RegistrationStatus.REFUSED:
            return refused("the fluorescence picture shows no structure. Place 4 points", *sizes)
        shift = np.array([[1.0, 0, 6], [0, 1, 4], [0, 0, 1]])
        reason = "" if self.status is RegistrationStatus.OK else "the structures fit only in part"
        return Registration(self.status, 1.3, shift, np.zeros((2, 2, 2), np.float32), *sizes, reason=reason)


@pytest.fixture
def service(page: ReviewPage) -> Service:
    made = Service()
    page.guests.comparing.service = made
    return made


@pytest.fixture
def earlier(clinic: Clinic) -> str:
    """Adler's earlier visit has a brown picture of acetic acid at 60 s too, and is some days older; by id."""
    data = picture(EARLIER, 77)
    added = cases.add_picture(
        clinic.lib, clinic.adler_before, data, stage=Stage.ACETIC_ACID, seconds_since_acid=60.0,
        taken_at=datetime(2025, 10, 16, 9, 5, tzinfo=UTC),
    )  # fmt: skip
    return added.id


Began = Callable[..., None]


@pytest.fixture
def began(page: ReviewPage, clinic: Clinic, service: Service, earlier: str, opened: Opened, qtbot: QtBot) -> Began:
    """Adler's visit is open and the earlier brown picture is beside the white-light one."""

    def begin(*, wait: bool = True) -> None:
        opened(clinic.adler)
        choose(page, qtbot, earlier, wait=wait)

    return begin


def choose(page: ReviewPage, qtbot: QtBot, picture_id: str, *, wait: bool = True) -> None:
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Key.Key_F7)
    settle(qtbot, page)
    chosen = page.guests.comparing.picker.strip.list
    chosen.setCurrentItem(chosen.item_of(picture_id))
    qtbot.keyClick(chosen, Key.Key_Return)
    if wait:
        settle(qtbot, page)
    else:
        qtbot.waitUntil(lambda: page.guests.comparing.active, timeout=10_000)


def titles(page: ReviewPage) -> list[str]:
    captions = page.stage.shown.captions
    return [] if captions is None else [captions.title(place) for place in (Source.WHITE, Source.FLUORESCENCE)]


def test_the_earlier_pictures_are_offered_with_the_same_stage_first_and_enter_compares(
    page: ReviewPage, clinic: Clinic, service: Service, earlier: str, opened: Opened, qtbot: QtBot
) -> None:
    at = datetime(2025, 10, 16, 8, 50, tzinfo=UTC)
    cases.add_picture(clinic.lib, clinic.adler_before, picture(BLUE, 5), stage=Stage.SALINE, taken_at=at)
    opened(clinic.adler)
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Key.Key_F7)
    settle(qtbot, page)
    shown = page.guests.comparing.picker.strip.list
    assert shown.isVisible()
    assert not page.pictures.filmstrip.isVisible()
    assert shown.hasFocus()
    offered = [shown.item(row).text().splitlines()[0] for row in range(4)]
    assert offered == ["Acetic acid", "Fluorescence", "Acetic acid", "Saline"]  # which was taken before the others
    assert shown.item(0).isSelected()
    qtbot.keyClick(shown, Key.Key_Return)
    settle(qtbot, page)
    assert page.guests.comparing.active
    assert titles(page) == ["This visit, 20 Nov 2026", "Earlier, 16 Oct 2025"]


def test_after_a_double_click_on_an_earlier_picture_the_keys_of_the_stage_look_at_the_two(
    page: ReviewPage, service: Service, earlier: str, clinic: Clinic, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Key.Key_F7)
    settle(qtbot, page)
    shown = page.guests.comparing.picker.strip.list
    place = shown.visualItemRect(shown.item_of(earlier)).center()
    qtbot.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=place)
    settle(qtbot, page)
    assert page.guests.comparing.active
    assert page.stage.hasFocus()


def test_the_two_lie_on_each_other_in_all_modes_with_a_chip_of_their_own(
    page: ReviewPage, began: Began, qtbot: QtBot
) -> None:
    began()
    assert close_to(colour_at(page, 0), RED)
    assert close_to(colour_at(page, 1), EARLIER)
    assert page.stage.registration is not None
    assert page.guests.comparing.bar.chip.text() == "1.3 px"
    assert not page.bar.chip.isVisible()
    for key, mode in ((Key.Key_2, Mode.BLEND), (Key.Key_3, Mode.SWIPE), (Key.Key_4, Mode.FLICKER)):
        qtbot.keyClick(page.stage, key)
        assert page.stage.arrangement.mode is mode
    qtbot.keyClick(page.stage, Key.Key_Space)
    assert close_to(colour_at(page, 0), EARLIER)
    qtbot.keyClick(page.stage, Key.Key_3)
    before = page.stage.view.swipe
    qtbot.keyClick(page.stage, Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert page.stage.view.swipe > before
    assert "Earlier, 16 Oct 2025" in page.stage.accessibleDescription()


def test_escape_brings_back_pair_mode_zoom_and_tool(
    page: ReviewPage, clinic: Clinic, service: Service, earlier: str, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.choose_tool("pin")
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Key.Key_3)
    qtbot.keyClick(page.stage, Key.Key_Plus)
    qtbot.keyClick(page.stage, Key.Key_Right)
    view, desk, registration = page.stage.view, page.loader.desk, page.stage.registration
    choose(page, qtbot, earlier)
    qtbot.keyClick(page.stage, Key.Key_1)
    qtbot.keyClick(page.stage, Key.Key_Minus)
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Key.Key_Escape)
    settle(qtbot, page)
    assert page.stage.view == view
    assert page.stage.tool == "pin"
    assert page.loader.desk is desk
    assert page.stage.registration is registration
    assert page.stage.shown.captions is None
    assert page.bar.chip.isVisible()
    assert not page.guests.comparing.bar.isVisible()
    assert page.pictures.filmstrip.isVisible()
    assert page.stage.hasFocus()


def test_nothing_of_todays_pair_is_drawn_over_it_and_nothing_can_be_marked(
    page: ReviewPage, clinic: Clinic, session: Session, service: Service, earlier: str, opened: Opened, qtbot: QtBot,
    problems: list[str],
) -> None:  # fmt: skip
    opened(clinic.adler)
    page.choose_tool("pin")
    click(qtbot, page, 30, 30)
    reveal(session)
    settle(qtbot, page)
    assert page.stage.marks.pins
    assert page.stage.legend() is not None
    before = session.case
    choose(page, qtbot, earlier)
    assert page.stage.marks.pins == ()
    assert page.stage.marks.suggested is None
    assert page.stage.legend() is None
    assert page.stage._found.given == {}
    session.refresh()  # whatever is heard of the visit meanwhile
    page._show_desk()
    settle(qtbot, page)
    assert page.stage.marks.pins == ()
    assert page.stage.legend() is None
    for key in (Key.Key_P, Key.Key_O, Key.Key_C):
        qtbot.keyClick(page.stage, key)
        assert page.stage.tool == "pan"
    page.place_points()
    page.take_os()
    page.clear_cervix()
    assert not page.points.active
    assert set(problems) == {words.LOCKED}
    click(qtbot, page, 60, 60)
    assert session.case is not None
    assert before is not None
    assert (session.case.pins, session.case.findings) == (before.pins, before.findings)
    qtbot.keyClick(page.stage, Key.Key_Escape)
    settle(qtbot, page)
    assert page.stage.marks.pins
    assert page.stage.legend() is not None


def test_beside_the_two_nothing_is_read_or_revealed_either(
    page: ReviewPage, clinic: Clinic, session: Session, began: Began, qtbot: QtBot
) -> None:
    began()
    before = session.case
    assert not page.side.findings.isEnabled()
    assert all(area.isEnabled() for area in page.side.findChildren(QScrollArea)), "it can be read and scrolled"
    assert page.side.toolTip() == words.LOCKED
    assert not any(command.isEnabled() for command in page.side.commands())
    ctrl_shift = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    for key in (Key.Key_3, Key.Key_R):
        qtbot.keyClick(page.stage, key, ctrl_shift)
    assert session.case == before
    qtbot.keyClick(page.stage, Key.Key_Escape)
    settle(qtbot, page)
    assert page.side.findings.isEnabled()
    qtbot.keyClick(page.stage, Key.Key_3, ctrl_shift)
    assert session.case is not None
    assert session.case.findings.impression is Grade.HIGH


def test_comparing_leaves_the_library_as_it_was(
    page: ReviewPage, clinic: Clinic, service: Service, earlier: str, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    with clinic.lib.read() as rows:
        before = lines.length(rows)
    choose(page, qtbot, earlier)
    assert page.guests.comparing.active
    page.guests.comparing.leave()
    settle(qtbot, page)
    with clinic.lib.read() as rows:
        assert lines.length(rows) == before


def test_a_refused_registration_is_said_and_leaves_them_side_by_side(
    page: ReviewPage, service: Service, began: Began, qtbot: QtBot
) -> None:
    service.status = RegistrationStatus.REFUSED
    began()
    qtbot.keyClick(page.stage, Key.Key_3)
    assert page.stage.arrangement.mode is Mode.SIDE_BY_SIDE
    assert "not aligned" in page.stage.arrangement.note
    assert page.stage.registration is None
    assert (
        page.guests.comparing.bar.chip.text() == "not aligned: the earlier picture shows no structure"
    )  # no points here
    assert page.stage.shown.captions.of[Source.FLUORESCENCE].lines[-1] == "Not aligned"  # type: ignore[union-attr]


def test_a_registration_to_be_checked_says_so(page: ReviewPage, service: Service, began: Began) -> None:
    service.status = RegistrationStatus.CHECK
    began()
    assert page.guests.comparing.bar.chip.text() == "check, 1.3 px"
    assert "The structures fit only in part" in page.guests.comparing.bar.chip.toolTip()
    assert "Press to place points" not in page.guests.comparing.bar.chip.toolTip()


def test_another_visit_opened_while_aligning_shows_nothing_of_the_old_one(
    page: ReviewPage, clinic: Clinic, session: Session, service: Service, began: Began, qtbot: QtBot
) -> None:
    service.gate = threading.Event()
    began(wait=False)
    assert page.guests.comparing.bar.stop.isVisible()
    assert session.open_visit(clinic.brandt)
    assert page.stage.shown.captions is None
    assert not page.guests.comparing.bar.isVisible()
    assert not page.guests.comparing.picker.isVisible()
    service.gate.set()
    settle(qtbot, page)
    assert page.stage.shown.captions is None
    assert close_to(colour_at(page, 0), BLUE)
    assert not page.guests.comparing.active


def test_another_visit_opened_while_reading_shows_nothing_of_the_old_one(
    page: ReviewPage, clinic: Clinic, session: Session, service: Service, earlier: str, opened: Opened, qtbot: QtBot
) -> None:
    service.load_gate = threading.Event()
    opened(clinic.adler)
    page.guests.comparing.open(page.loader.desk.pair)
    settle(qtbot, page)
    page.guests.comparing.compare(earlier)
    assert session.open_visit(clinic.brandt)
    service.load_gate.set()
    settle(qtbot, page)
    qtbot.waitUntil(lambda: not page._jobs.busy)
    assert page.stage.shown.captions is None
    assert close_to(colour_at(page, 0), BLUE)


def test_aligning_can_be_stopped_and_is_asked_again_by_choosing_again(
    page: ReviewPage, service: Service, earlier: str, began: Began, qtbot: QtBot
) -> None:
    service.gate = threading.Event()
    began(wait=False)
    qtbot.mouseClick(page.guests.comparing.bar.stop, Qt.MouseButton.LeftButton)
    service.gate.set()
    settle(qtbot, page)
    assert page.guests.comparing.active
    assert page.guests.comparing.bar.chip.text() == "not aligned"
    assert page.guests.comparing.picker.said.text() == words.STOPPED
    assert page.stage.registration is None
    page.guests.comparing.compare(earlier)
    settle(qtbot, page)
    assert page.guests.comparing.bar.chip.text() == "1.3 px"


def test_escape_while_aligning_stops_and_goes_back(
    page: ReviewPage, service: Service, began: Began, qtbot: QtBot
) -> None:
    service.gate = threading.Event()
    began(wait=False)
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Key.Key_Escape)
    service.gate.set()
    settle(qtbot, page)
    assert page.stage.shown.captions is None
    assert close_to(colour_at(page, 1), GREEN)


def test_what_was_aligned_once_is_not_aligned_again_while_the_visit_is_open(
    page: ReviewPage, service: Service, earlier: str, began: Began, qtbot: QtBot
) -> None:
    began()
    page.guests.comparing.leave()
    choose(page, qtbot, earlier)
    assert len(service.registered) == 1
    assert page.guests.comparing.bar.chip.text() == "1.3 px"


def test_a_missing_earlier_picture_is_said_and_the_pair_stays(
    page: ReviewPage, clinic: Clinic, service: Service, earlier: str, opened: Opened, qtbot: QtBot, problems: list[str]
) -> None:
    opened(clinic.adler)
    page.guests.comparing.open(page.loader.desk.pair)
    settle(qtbot, page)
    case = cases.visit_case(clinic.lib, clinic.adler_before)
    _file(clinic.lib, case.picture(earlier).sha256).unlink()  # type: ignore[union-attr]
    page.guests.comparing.compare(earlier)
    settle(qtbot, page)
    assert page.stage.shown.captions is None
    assert close_to(colour_at(page, 1), GREEN)
    assert problems
    assert "16 Oct 2025" in problems[-1]
    assert "cannot be shown" in problems[-1]
    assert page.guests.comparing.picker.said.text() != ""


def test_a_corrupt_earlier_picture_is_said_and_the_pair_stays(
    page: ReviewPage, clinic: Clinic, service: Service, earlier: str, began: Began, qtbot: QtBot, problems: list[str]
) -> None:
    began()
    other = next(one for one in cases.visit_case(clinic.lib, clinic.adler_before).pictures if one.id != earlier)
    file = _file(clinic.lib, other.sha256)
    file.chmod(0o600)
    file.write_bytes(b"nonsense")
    page.guests.comparing.compare(other.id)
    settle(qtbot, page)
    assert "cannot be shown" in problems[-1]
    assert page.stage.shown.captions is None
    assert close_to(colour_at(page, 1), GREEN)


def _file(lib: Library, sha256: str) -> Any:
    return next(path for path in (lib.path / "pictures").rglob("*") if path.is_file() and sha256[4:] in path.name)


def test_an_earlier_picture_of_another_size_is_shown(
    page: ReviewPage, clinic: Clinic, service: Service, opened: Opened, qtbot: QtBot
) -> None:
    out = BytesIO()
    Image.fromarray(np.full((300, 200, 3), EARLIER, np.uint8)).save(out, "PNG")
    other = cases.add_picture(clinic.lib, clinic.adler_before, out.getvalue(), stage=Stage.GREEN)
    opened(clinic.adler)
    choose(page, qtbot, other.id)
    assert page.stage.shown.fluorescence == (200, 300)
    assert page.stage.shown.registered
    assert page.stage.shown.captions.note == "Stages differ: acetic acid and green filter"  # type: ignore[union-attr]


def test_a_visit_that_is_moved_to_another_woman_while_aligning_is_not_shown(
    page: ReviewPage, clinic: Clinic, session: Session, service: Service, began: Began, qtbot: QtBot,
    problems: list[str],
) -> None:  # fmt: skip
    other = cases.visit_case(clinic.lib, clinic.brandt).patient.id
    service.before = lambda lib: moving.move_visit(lib, clinic.adler_before, other, why="wrong woman")
    began()
    assert page.stage.shown.captions is None
    assert "not of the same woman" in problems[-1]
    assert close_to(colour_at(page, 1), GREEN)


def test_a_visit_that_is_no_longer_hers_leaves_the_stage(
    page: ReviewPage, clinic: Clinic, session: Session, began: Began, qtbot: QtBot, problems: list[str]
) -> None:
    began()
    other = cases.visit_case(clinic.lib, clinic.brandt).patient.id
    moving.move_visit(clinic.lib, clinic.adler_before, other, why="wrong woman")  # as by another program
    session.look_again()
    settle(qtbot, page)
    assert page.stage.shown.captions is None
    assert problems[-1].startswith(words.GONE.rstrip("."))


def test_a_picture_of_another_woman_is_never_loaded(clinic: Clinic) -> None:
    now = cases.visit_case(clinic.lib, clinic.adler)
    stranger = cases.visit_case(clinic.lib, clinic.brandt).pictures[0]
    with pytest.raises(real.OtherWomanError):
        real.load(SilentContext(), clinic.lib, now.visit.id, now.pictures[0].id, stranger.id)


def test_an_unforeseen_failure_brings_the_pair_back_and_is_said(
    page: ReviewPage, service: Service, began: Began, problems: list[str]
) -> None:
    service.broken = MemoryFullError()
    began()
    assert page.stage.shown.captions is None
    assert "not enough free memory" in problems[-1]


def test_a_visit_without_an_earlier_one_says_why_nothing_can_be_compared(
    page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot, problems: list[str]
) -> None:
    opened(clinic.adler_before)
    assert not page.pictures.compare.isEnabled()
    assert page.pictures.compare.toolTip() == words.NO_EARLIER
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Key.Key_F7)
    assert problems == [words.NO_EARLIER]
    assert not page.guests.comparing.choosing


def test_the_button_opens_the_choice_and_adding_pictures_closes_it(
    page: ReviewPage, clinic: Clinic, service: Service, earlier: str, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    qtbot.mouseClick(page.pictures.compare, Qt.MouseButton.LeftButton)
    settle(qtbot, page)
    qtbot.mouseClick(page.guests.comparing.picker.compare, Qt.MouseButton.LeftButton)
    settle(qtbot, page)
    assert page.guests.comparing.active
    page.pictures.ask_for_files()
    assert not page.guests.comparing.active
    assert page.pictures.form.isVisible()
    assert not page.guests.comparing.picker.isVisible()
    page.pictures.form.leave()


def test_a_read_only_library_is_compared_as_well(
    page: ReviewPage, clinic: Clinic, began: Began, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(clinic.adler)  # its pair is made
    monkeypatch.setattr(type(clinic.lib), "no_editing", property(lambda _lib: "it lies on a disk that is full"))
    monkeypatch.setattr(type(clinic.lib), "read_only", property(lambda _lib: True))
    began()
    assert page.guests.comparing.bar.chip.text() == "1.3 px"


def test_before_and_after_is_said_only_where_a_treatment_is_on_record_between_the_visits(
    page: ReviewPage, clinic: Clinic, session: Session, began: Began, qtbot: QtBot
) -> None:
    began()
    assert all("treatment" not in line.lower() for line in _lines(page))
    page.guests.comparing.leave()
    session.perform(lambda lib: documenting.set_referral(lib, clinic.adler, "treatment", ["leep"]))
    session.perform(lambda lib: documenting.set_referral(lib, clinic.adler, "treated_on", "2026-03-02"))
    settle(qtbot, page)
    began()
    assert "After treatment" in _lines(page)
    assert "Before treatment" in _lines(page)
    assert "Treatment on record: LEEP / LLETZ, 02 Mar 2026" in page.guests.comparing.bar.headline.text()


def _lines(page: ReviewPage) -> list[str]:
    captions = page.stage.shown.captions
    return [] if captions is None else [line for one in captions.of.values() for line in one.lines]


def test_making_another_pair_goes_back_first(
    page: ReviewPage, clinic: Clinic, session: Session, began: Began, qtbot: QtBot
) -> None:
    began()
    assert session.case is not None
    lugol = next(one for one in session.case.pictures if one.stage is Stage.LUGOL)
    page.stage.picture_dropped.emit(lugol.id, Source.WHITE)
    settle(qtbot, page)
    assert page.stage.shown.captions is None
    assert close_to(colour_at(page, 0), BLUE)


def test_a_visit_of_three_hundred_earlier_pictures_is_offered_whole(
    page: ReviewPage, clinic: Clinic, service: Service, opened: Opened, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = cases.visit_case(clinic.lib, clinic.adler_before)
    many = tuple(replace(case.pictures[0], id=f"p{n}", seconds_since_acid=float(n)) for n in range(300))
    listed = (real.EarlierVisit(case.visit, many),)
    page.guests.comparing.service = SimpleNamespace(earlier_visits=lambda *_: listed)
    monkeypatch.setattr(page.guests.comparing.picker.strip, "_next", lambda: None)  # no picture of that name is stored
    opened(clinic.adler)
    page.guests.comparing.open(page.loader.desk.pair)
    qtbot.waitUntil(lambda: page.guests.comparing.picker.strip.list.count() == 300)
    assert page.guests.comparing.picker.strip.list.selectedItems()


def test_the_visit_list_still_opens_visits(
    page: ReviewPage, clinic: Clinic, session: Session, began: Began, qtbot: QtBot
) -> None:
    began()
    page.pictures.visit_chosen.emit(clinic.adler_before)
    settle(qtbot, page)
    assert session.case is not None
    assert session.case.visit.id == clinic.adler_before
    assert page.stage.shown.captions is None


def test_a_result_that_comes_all_the_same_for_an_older_question_is_thrown_away(
    page: ReviewPage, clinic: Clinic, session: Session, began: Began, qtbot: QtBot
) -> None:
    """A job may have ended just before it was cancelled: its answer is on the way already."""
    began()
    shown = page.guests.comparing
    ticket, compared, ready, registration = shown.now.ticket, shown.now.pictures, shown._ready, shown.now.registration
    assert compared is not None
    assert ready is not None
    assert registration is not None
    assert session.open_visit(clinic.brandt)
    settle(qtbot, page)
    shown._loaded(ticket, (compared, ready))
    shown._aligned(ticket, (registration, ready))
    shown._failed(ticket, "a problem of another woman")
    assert page.stage.shown.captions is None
    assert not shown.active
    assert close_to(colour_at(page, 0), BLUE)
    assert page.guests.comparing.picker.said.text() != "a problem of another woman"


def test_on_a_low_page_the_choice_gives_way_to_the_stage_and_f8_shows_it_again(
    page: ReviewPage, began: Began, qtbot: QtBot
) -> None:
    page.resize(1250, 560)
    began()
    assert not page.guests.comparing.picker.isVisible()
    assert page.stage.hasFocus()
    qtbot.keyClick(page.stage, Key.Key_F8)
    assert page.guests.comparing.picker.isVisible()
    qtbot.keyClick(page.stage, Key.Key_Escape)
    settle(qtbot, page)
    assert not page.pictures.filmstrip.isVisible()  # as it was before


def test_two_visits_flicker_no_faster_than_three_times_a_second_there_and_back(
    page: ReviewPage, began: Began, qtbot: QtBot
) -> None:
    began()
    now = [50.0]
    page.stage.commands.clock = lambda: now[0]
    qtbot.keyClick(page.stage, Key.Key_4)
    seen = []
    page.stage.setFocus()
    for seconds in (0.0, 0.1, 0.06, 0.01, 0.16, 0.02):
        now[0] += seconds
        qtbot.keyClick(page.stage, Key.Key_Space)
        seen.append(page.stage.view.flicker)
    first, other = Source.FLUORESCENCE, Source.WHITE
    assert seen == [first, first, first, other, other, first]
