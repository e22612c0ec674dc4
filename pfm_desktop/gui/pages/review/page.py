"""The Review page: a pair on the stage, and all that is said about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from pfm_desktop.domain.source import Source
from pfm_desktop.gui.pages.review.actions import (
    DRAW_MENU,
    TOOL_KEYS,
    loan_actions,
    page_wide_actions,
    player_actions,
    point_mode_actions,
    stage_actions,
)
from pfm_desktop.gui.pages.review.adding import Adding
from pfm_desktop.gui.pages.review.drawing import DrawingEdits
from pfm_desktop.gui.pages.review.guests import Host, StageGuests
from pfm_desktop.gui.pages.review.loader import PairLoader
from pfm_desktop.gui.pages.review.marks import StageEdits
from pfm_desktop.gui.pages.review.pictures import PicturesArea
from pfm_desktop.gui.pages.review.points import PointMode
from pfm_desktop.gui.pages.review.refusals import Refusals
from pfm_desktop.gui.pages.review.second import SecondScreen
from pfm_desktop.gui.pages.review.side import SideColumn
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.stage import StageWidget
from pfm_desktop.gui.widgets.stage_banner import StageBanner
from pfm_desktop.gui.widgets.stage_bar import StageBar
from pfm_desktop.gui.widgets.stage_keys import FIXED
from pfm_desktop.gui.widgets.stage_notice import NoticeStrip, StageNotice
from pfm_desktop.gui.widgets.turns import Turns
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import review
from pfm_desktop.viewmodels.pair_view import for_another_woman
from pfm_desktop.viewmodels.review import Desk, Step, VisitLink
from pfm_desktop.viewmodels.stages import pair_stages, stages_warning

if TYPE_CHECKING:
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.support.settings import Settings
    from pfm_desktop.viewmodels.session import Session


FIRST_POINTS = tr("Finish placing points first.")


class ReviewPage(QWidget):
    """Follows `session.case`. `engine` stands in for `services.engine` in tests."""

    title = tr("Review")
    fixed_keys = FIXED
    export_wanted = Signal(str)  # the visit that is open

    def __init__(self, session: Session, jobs: QtJobs, parent: QWidget | None = None, *, engine: Any = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._case: VisitCase | None = None
        self._came_from: VisitLink | None = None
        self._waits = False
        self._changing = False  # to another visit: shown once, when all of it is known
        self._wishes: list[Callable[[], None]] = []  # commands given while the pictures load
        self._laid: tuple[object, object] | None = None  # pictures and heatmaps as the stage has them
        self._answered = False  # whether an answer is shown anywhere
        self._turns = Turns(self)
        self.loader = PairLoader(session, jobs, engine, self)
        self._adding = Adding(session, jobs, self)
        self.stage = StageWidget(self)
        self.loader.on_screen = lambda: not self.stage.busy
        self.bar, self.strip, self.notice = StageBar(self.stage, self), NoticeStrip(self), StageNotice(self)
        self.points = PointMode(self.stage, self)
        self._refusals = Refusals(session)
        host = Host(lambda: self.loader.desk, self._points_words, self._once_loaded, self._refusals.refuse)
        self.guests = StageGuests(session, jobs, self.stage, self._load_thumbnail, host, self)
        self.pictures = PicturesArea(self._load_thumbnail, session, self)
        self.guests.take_place(self.pictures)
        self.side = SideColumn(session, jobs, self.stage, self)
        self.banner = StageBanner(self)
        self._edits = StageEdits(session, self.stage, lambda: self.loader.desk)
        self.drawing = DrawingEdits(session, self.stage, lambda: self.loader.desk, self.side.findings.lesions)
        self.second = SecondScreen(self, self.stage)
        self._lay_out()
        self._stage_keys = stage_actions(self)
        self.bar.offer_drawing([one for one in self._stage_keys if one.objectName() in DRAW_MENU])
        tools = [one for one in self._stage_keys if one.objectName() in TOOL_KEYS]
        self.side.tool_keys = lambda: () if self.points.active else tools
        self._page_keys = page_wide_actions(self)
        self._point_keys, self._loan_keys = point_mode_actions(self), loan_actions(self)
        self._player_keys = player_actions(self)
        self._connect()
        self._on_case(session.case)

    # ---- the window

    def page_actions(self) -> Sequence[QAction]:
        """Commands for the menu and the shortcut editor."""
        return (*self.side.commands(), *self._stage_keys, *self._page_keys, *self.second.commands)

    def entered(self) -> None:
        """The page is in front: the keys go to the stage."""
        if not self.isAncestorOf(QApplication.focusWidget() or self):
            self.stage.setFocus(Qt.FocusReason.OtherFocusReason)

    def left(self) -> None:
        """Another page is in front: nothing is held or half placed, what was typed is on disk."""
        self._lose_points()
        self._lose_outline()
        self.guests.playing.pause()
        self.side.left()
        self.stage.commands.let_go()
        self.stage.commands.cancel_drag()
        self.stage.setFocus(Qt.FocusReason.OtherFocusReason)  # Qt gives the keys back to what had them here last

    def focusNextPrevChild(self, next_: bool) -> bool:
        """Keys whose widget hides or is switched off go to the stage: the next in the chain is the rail's Today."""
        held = self.focusWidget()
        if self.isVisible() and held is not None and not (held.isVisible() and held.isEnabled()):
            self.stage.setFocus(Qt.FocusReason.OtherFocusReason)
            return True
        return super().focusNextPrevChild(next_)

    @property
    def idle(self) -> bool:
        """Whether nothing is still loading."""
        loading = (
            self.loader.busy
            or self._turns.busy
            or self._adding.busy
            or self.stage.busy
            or not self.guests.idle
            or self.pictures.filmstrip.busy
            or self.pictures.form.rows.waiting
            or not self.pictures.move_form.idle
        )
        return not loading and (self.side.report.idle or not self.side.report.isVisible())

    # ---- commands

    def choose_tool(self, tool: str) -> None:
        """Pan, or a tool that marks or draws. In point mode the pin key places a point at the cursor."""
        if self.points.active and tool == "pin":
            self.stage.commands.use_tool_at_cursor()
        elif self._refusals.refuse(self._why_points_first):
            return
        elif tool == "pan" or not self._why_no_marks():
            self.stage.tool = tool
        elif not self._once_loaded(partial(self.choose_tool, tool)):
            self._refusals.refuse(self._why_no_marks)

    def take_os(self) -> None:
        """Mark the os where the program found it."""
        if self._refusals.refuse(self._why_points_first) or self._once_loaded(self.take_os):
            return
        if not self._refusals.refuse(self._why_no_found_os):
            self._edits.take_os()

    def add_lesion(self) -> None:
        """Document a lesion more, and draw it."""
        if self._once_loaded(self.add_lesion):
            return
        self.choose_tool("lesion")
        if self.stage.tool == "lesion":
            self.drawing.add_lesion()

    def take_cervix(self) -> None:
        """Draw the cervix as the program found it."""
        if self._refusals.refuse(self._why_points_first) or self._once_loaded(self.take_cervix):
            return
        if not self._refusals.refuse(self._why_no_found_cervix):
            self._edits.take_cervix()

    def toggle_cervix(self) -> None:
        """Show or hide the outline of the cervix as it was found or drawn."""
        self.stage.commands.show_cervix(not self.stage.commands.cervix_shown)

    def clear_cervix(self) -> None:
        """Go back from the drawn outline of the cervix to the one that was found."""
        if not self._refusals.refuse(self._why_nothing_to_clear):
            self._edits.clear_cervix()

    def place_points(self) -> None:
        """Register by hand."""
        if self._once_loaded(self.place_points) or self._refusals.refuse(self._why_no_points):
            return
        self._lose_outline()
        self.points.begin(self.loader.desk)
        self._laid = None
        self._show_desk()

    def register_automatically(self) -> None:
        """Forget points by hand."""
        if self._once_loaded(self.register_automatically) or self._refusals.refuse(self._why_no_points):
            return
        self.points.leave()
        self.loader.register(None)

    def _once_loaded(self, command: Callable[[], None]) -> bool:
        """While the pictures load a command waits for them; False when nothing loads."""
        loading = self.loader.desk.doing is Step.LOADING
        if loading:
            self._wishes.append(command)
        return loading

    def reload(self) -> None:
        """Do what failed again, or load the pair anew."""
        if self._case is not None:
            self._session.look_again()
            self.loader.retry()

    def ask_export(self) -> None:
        """Take this visit out of the library."""
        if self._case is not None:
            self.export_wanted.emit(self._case.visit.id)

    def step_area(self, step: int) -> None:
        """Give the keys to the stage, the filmstrip, the right column, in turn."""
        thumbnails, tabs = self.pictures.list_in_sight, self.side
        areas = [self.stage, *([thumbnails] if thumbnails is not None else []), tabs.tabBar()]
        homes: list[QWidget] = [self.stage, *([self.pictures] if thumbnails is not None else []), tabs]
        focus = QApplication.focusWidget()
        here = next((i for i, home in enumerate(homes) if focus is home or home.isAncestorOf(focus or self)), -1)
        areas[(here + step) % len(areas)].setFocus(Qt.FocusReason.ShortcutFocusReason)

    # ---- the case

    def wait(self, waits: bool) -> None:
        """Follow the desk later: what is taken live changes it all the time, and is not looked at here meanwhile."""
        self._waits = waits
        if not waits and self._session.case is not self._case:
            self._on_case(self._session.case)

    def _on_case(self, case: VisitCase | None) -> None:
        if self._waits and case is not None:
            return
        before, self._case = self._case, case
        if case is None or before is None or before.visit.id != case.visit.id:
            self._note_way_back(before, case)
            self._lose_outline()
            self._changing = True
            self.guests.drop()
            self.loader.open("" if case is None else case.visit.id)  # first of all: nothing of the old visit stays
            self._changing = False
            self.stage.tool = "pan"
        else:
            pair_id = review.pair_to_show(before, case, self._shown_pair())
            looked_at = self._session.by_itself and self._shown_pair() != ""  # changed under no hand by a mark
            if pair_id is not None and not looked_at:
                self.loader.open(case.visit.id, pair_id or None)
        self.second.show_case(case)
        self.guests.follow(case)
        self.pictures.show_case(case, review.visit_links(case, self._came_from))
        self.side.show_case(case)
        if before is None or case is None or before.visit.id != case.visit.id:
            self._begin_visit(case)
        self._show_desk()

    def _begin_visit(self, case: VisitCase | None) -> None:
        """What was looked at of the woman before does not decide where the next one begins."""
        self._wishes = []
        self.stage.set_view(for_another_woman(self.stage.view))
        held = self.side.isAncestorOf(QApplication.focusWidget() or self)
        self.side.begin_visit(first_read=review.unread(case))
        if held or not self.isVisible():  # a space meant for the stage would press what is new under the keys
            self.stage.setFocus(Qt.FocusReason.OtherFocusReason)

    def _note_way_back(self, before: VisitCase | None, case: VisitCase | None) -> None:
        """Remember the later visit when an earlier one of the same woman is opened."""
        if case is None or before is None or before.patient.id != case.patient.id:
            self._came_from = None
        elif before.visit.started_at > case.visit.started_at:
            self._came_from = self._came_from or review.link_of(before)
        elif self._came_from is not None and case.visit.id == self._came_from.visit_id:
            self._came_from = None

    def _shown_pair(self) -> str:
        pair = self.loader.desk.pair
        return "" if pair is None else pair.id

    def _on_settings(self, settings: Settings) -> None:
        self.loader.use_model(settings.model)

    def _make_pair(self, white_id: str | None, fluorescence_id: str | None) -> None:
        from pfm_desktop.services import pairing

        self.guests.give_back()  # first: the stage is for the pair that is made
        case = self._case
        if case is not None:
            self._session.perform(lambda lib: pairing.make_pair(lib, case.visit.id, white_id, fluorescence_id))

    def _remove_pictures(self, picture_ids: list[str]) -> None:
        from pfm_desktop.services import removal

        self._session.perform(lambda lib: removal.remove_pictures(lib, picture_ids))

    def _picture_dropped(self, picture_id: str, place: Source | None) -> None:
        on = self.loader.desk.pair
        pair = None if self._case is None else review.pair_after_drop(self._case, on, picture_id, place)
        if pair is not None:
            self._make_pair(*pair)

    # ---- what is shown

    def _desk_changed(self) -> None:
        if self._changing:
            return
        pair = self.loader.desk.pair
        if pair is not None and self._case is not None and self._case.pair(pair.id) is None:
            self._session.refresh()  # the pair was made while loading; comes back through `_on_case`
        self._show_news()
        if self._wishes and self.loader.desk.doing is not Step.LOADING:
            wishes, self._wishes = self._wishes, []
            for wish in wishes:
                wish()

    def _show_news(self) -> None:
        """Pictures or an answer came: the stage first, the rest in later turns, so that no gesture waits for all of it.

        What is withdrawn is withdrawn everywhere at once.
        """
        if self._answered or self.loader.desk.pictures is None:
            self._show_desk()
            return
        self._show_stage()
        self._turns.start(self._show_heatmaps, self._show_side)

    def _show_desk(self) -> None:
        self._turns.drop()
        self._show_stage()
        self._show_heatmaps()
        self._show_side()

    def _show_stage(self) -> None:
        desk, case = self.loader.desk, self._case
        if desk.pictures is None:
            self._lose_points()
            self._lose_outline()
            self.guests.drop()
        self.notice.show_notice(review.stage_notice(case, desk))
        self.strip.show_notice(review.strip_notice(case, desk))
        self.bar.show_chip(review.ChipState() if self._taken else review.chip_state(desk))
        self.banner.show_lines(review.banner(case, desk), review.banner_warning(case, desk))
        if not self.guests.active:
            self.pictures.mark_on_stage(desk.pair)
        if not self._taken:
            self._show_pair(desk)
        self._allow()

    @property
    def _taken(self) -> bool:
        """Whether the stage shows something else than the pair that is read."""
        return self.points.active or self.guests.active

    def _loan_changed(self) -> None:
        self._laid = None
        self.side.lock(self.guests.why)
        if not self._changing:
            self._show_desk()

    def _show_pair(self, desk: Desk) -> None:
        pictures = desk.pictures
        if pictures is None:
            self.stage.clear()
        else:
            self.stage.set_pair(pictures.white, pictures.fluorescence, desk.registration)
            self.stage.set_scale(pictures.mm_per_px)
            stages, warning = pair_stages(self._case, desk.pair), stages_warning(self._case, desk.pair)
            self.stage.set_stages(stages, warning, pictures.second)
        self.bar.follow()
        self._edits.show(self._case)
        self.drawing.show(self._case)

    def _show_heatmaps(self) -> None:
        desk = self.loader.desk
        if self._taken:
            return
        heatmaps = review.shown_heatmaps(self._case, desk)
        laid = (desk.pictures, heatmaps or None)
        if self._laid is None or any(one is not other for one, other in zip(laid, self._laid, strict=True)):
            self._laid = laid  # an edit does not have them coloured again
            sources = review.answer_sources(desk) if heatmaps else ()
            label = review.model_label(desk) if heatmaps else ""
            shows, words = review.attention_words(desk) if heatmaps else ("", "")
            self.stage.set_heatmaps(heatmaps, label=label, sources=sources, shows=shows)
            scale = next((heatmap.scale_words for heatmap in heatmaps.values()), "")
            self.side.heatmap.set_kinds(heatmaps, sources, shows, words, scale)

    def _show_side(self) -> None:
        desk = self.loader.desk
        self._answered = desk.answer is not None
        self.side.show_desk(desk)

    def _allow(self) -> None:
        why_not = self._why_no_marks()
        if why_not and not self.points.active:
            self._lose_outline()
            self.stage.tool = "pan"
        self.stage.pins_move = self.points.active or not why_not
        self.stage.drawings.fixed = bool(why_not)
        self.bar.allow_marks(self._why_points_first() or why_not)
        self.guests.allow(self.pictures)
        self.pictures.allow_adding(review.why_no_adding(self._case, self._session.library.no_editing))
        for action in self._point_keys:
            action.setEnabled(self.points.active)
        for action in self._loan_keys:
            action.setEnabled(self.guests.active)
        for action in self._player_keys:
            action.setEnabled(self.guests.playing.active)
        self._refusals.look_again()

    def _why_points_first(self) -> str:
        return self._points_words() or self.guests.why

    def _points_words(self) -> str:
        return FIRST_POINTS if self.points.active else ""

    def _why_no_marks(self) -> str:
        return review.why_no_marks(self._case, self.loader.desk, read_only_reason=self._session.library.no_editing)

    def _why_no_points(self) -> str:
        read_only = self._session.library.no_editing
        return self.guests.why or review.why_no_points(self._case, self.loader.desk, read_only_reason=read_only)

    def _why_no_found_os(self) -> str:
        marks = self.stage.marks
        return self._why_no_marks() or review.why_no_found_os(self.loader.desk, marks.os_mark, marks.suggested)

    def _why_no_found_cervix(self) -> str:
        there = self._edits.found_cervix() is not None
        return self._why_no_marks() or ("" if there else review.why_no_found_cervix(drawn=self._edits.has_drawn()))

    def _why_nothing_to_clear(self) -> str:
        return self.guests.why or self._why_no_marks() or ("" if self._edits.has_drawn() else review.NOTHING_DRAWN)

    def _load_thumbnail(self, picture_id: str) -> Any:
        from pfm_desktop.services import thumbnails

        return thumbnails.thumbnail(self._session.library, picture_id)

    # ---- adding pictures

    def _pictures_added(self) -> None:
        if self._case is not None and not (self.loader.desk.both or self.loader.busy):
            self.loader.open(self._case.visit.id)  # the new pictures may have made or completed the pair

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Picture files may be dropped anywhere on the page."""
        if self.pictures.add.isEnabled() and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Ask for the stages of the files."""
        files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if self.pictures.take_files(files):
            event.acceptProposedAction()

    # ---- point mode

    def _lose_points(self) -> None:
        """Leave point mode because something else is shown; points that go unasked are not lost in silence."""
        lost = len(self.points.points.placed) if self.points.active else 0
        self.points.leave()
        if lost:
            self._session.say(review.points_lost(lost))

    def _lose_outline(self) -> None:
        """Let go of a line that is begun, because something else is shown: said, as points that are lost are."""
        if self.stage.commands.drawing:
            self.stage.commands.cancel_drag()
            self._session.say(review.outline_lost())

    def event(self, event: QEvent) -> bool:
        """Ctrl+Z is the page's in point mode and while a line is drawn: the window's undo would take back an edit of
        the visit. With something else on the stage it would do so unseen."""
        if isinstance(event, QKeyEvent) and self.undo_is_here(event):
            do = self.stage.commands
            if event.type() is QEvent.Type.KeyPress and not (do.drop_stroke() or do.corners.drop_last()):
                self._refusals.refuse(lambda: self.guests.why)
                self.points.undo()
            event.accept()
            return True
        return super().event(event)

    def undo_is_here(self, event: QKeyEvent) -> bool:
        """Whether the key is undo and something is begun on the stage that is no edit yet."""
        wanted = event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        begun = self.points.active or self.stage.commands.drawing or bool(self.guests.why)
        return wanted and begun and event.matches(QKeySequence.StandardKey.Undo)

    # ---- building

    def _lay_out(self) -> None:
        self.setAcceptDrops(True)
        middle = QWidget(self)
        cell = QGridLayout(middle)
        cell.setContentsMargins(0, 0, 0, 0)
        cell.addWidget(self.stage, 0, 0)
        cell.addWidget(self.notice, 0, 0)
        self.notice.raise_()
        left = QVBoxLayout()
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(0)
        for widget in (self.bar, self.points.bar, self.guests.comparing.bar, self.guests.playing.bar, self.strip):
            left.addWidget(widget)
        left.addWidget(middle, 1)
        left.addWidget(self.banner)
        left.addWidget(self.pictures)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(self.side)

    def _connect(self) -> None:
        stage, edits = self.stage, self._edits
        self._session.on_case.append(self._on_case)
        self._session.on_settings.append(self._on_settings)
        self.loader.changed.connect(self._desk_changed)
        stage.pin_requested.connect(self._either(self.points.place, edits.place_pin))
        stage.pin_moved.connect(self._either(self.points.move, edits.move_pin))
        stage.pin_removed.connect(self._either(self.points.remove, edits.remove_pin))
        stage.os_marked.connect(edits.mark_os)
        stage.cervix_drawn.connect(edits.draw_cervix)
        stage.picture_dropped.connect(self._picture_dropped)
        self.bar.tool_chosen.connect(self.choose_tool)
        self.bar.chip.clicked.connect(self.place_points)
        self.points.ended.connect(self._show_desk)
        self.points.applied.connect(self.loader.register)
        self.guests.loan.begins.connect(self._lose_outline)
        self.guests.loan.changed.connect(self._loan_changed)
        self.guests.comparing.shown.connect(self.bar.follow)
        self.guests.playing.shown.connect(self.bar.follow)
        for notice in (self.strip, self.notice):
            notice.asked.connect(lambda action: self.reload() if action == "retry" else self.pictures.ask_for_files())
        strip = self.pictures.filmstrip
        strip.pair_requested.connect(self._make_pair)
        strip.declined.connect(lambda why: self._session.say(UserError(why)))
        strip.removal_asked.connect(self._remove_pictures)
        self.pictures.declined.connect(lambda why: self._session.say(UserError(why)))
        self.pictures.add_asked.connect(self._adding.add)
        self.pictures.not_added.connect(self._adding.say_not_added)
        self.pictures.form.rows.asks = self._adding.held
        self.pictures.form.rows.doubts_of = self._adding.doubts_of
        self._adding.ended.connect(self._pictures_added)
        self.pictures.visit_chosen.connect(self._session.open_visit)
        self.side.pins.pin_chosen.connect(self._pin_chosen)
        for command in self.side.commands():
            self.addAction(command)

    def _either(self, in_point_mode: Callable[..., None], else_: Callable[..., None]) -> Callable[..., None]:
        return lambda *args: in_point_mode(*args) if self.points.active else else_(*args)

    def _pin_chosen(self, pin_id: str) -> None:
        if not self.points.active:
            self.stage.select_pin(pin_id)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The stage keeps most of the width, and of the height on a low page."""
        super().resizeEvent(event)
        self.side.fit_to(self.width())
        self.pictures.fit_to(self.height())
