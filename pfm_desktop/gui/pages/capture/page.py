"""The Capture page: the live picture, the timeline of the examination beside it, and what was taken last."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from pfm_desktop.domain.clip import ClipKind
from pfm_desktop.gui.pages.capture.actions import actions_of
from pfm_desktop.gui.pages.capture.assign_form import AssignForm
from pfm_desktop.gui.pages.capture.clips_panel import ClipsPanel
from pfm_desktop.gui.pages.capture.device_form import DeviceForm
from pfm_desktop.gui.pages.capture.examining import Examining, OpenIt
from pfm_desktop.gui.pages.capture.feed import Feed
from pfm_desktop.gui.pages.capture.helping import LiveHelp
from pfm_desktop.gui.pages.capture.plan_form import PlanForm
from pfm_desktop.gui.pages.capture.recording import Recording
from pfm_desktop.gui.pages.capture.tools import Tools
from pfm_desktop.gui.pages.capture.whose import Whose
from pfm_desktop.gui.widgets.live_view import LiveView
from pfm_desktop.gui.widgets.meters_bar import MetersBar
from pfm_desktop.gui.widgets.panel_parts import bring_into_sight
from pfm_desktop.gui.widgets.timeline_panel import TimelinePanel
from pfm_desktop.gui.widgets.verdict_card import THUMB, VerdictCard
from pfm_desktop.imaging import shown
from pfm_desktop.services.capture import config as devices
from pfm_desktop.services.capture.keeping import Lot, LotState
from pfm_desktop.support.errors import UserError
from pfm_desktop.viewmodels import capture_words as say
from pfm_desktop.viewmodels.taken import card_of
from pfm_desktop.viewmodels.timeline import Timeline, timeline

if TYPE_CHECKING:
    from pfm_desktop.capture.source import Frame
    from pfm_desktop.domain.examination import Plan
    from pfm_desktop.gui.qt_jobs import QtJobs
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.viewmodels.session import Session

SIDE_WIDTH = 352
WHITENING_S = 195.0  # after acetic acid: so long it is followed by itself
ZOOM_STEP = 1.25
LEFT_S = 20.0  # so long after the page was left a camera that nothing needs is let go


class CapturePage(QWidget):
    """Follows `session.case`. `open_device` stands in for `services.capture.device.open_device` in tests."""

    title = "Capture"
    said = Signal(str)
    today_wanted = Signal()
    in_front = Signal(bool)  # while it is, Review waits with what it would load of each new picture

    def __init__(
        self, session: Session, jobs: QtJobs, parent: QWidget | None = None, *, open_device: OpenIt | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self.examining = Examining(session, open_device or _open_device, self)
        self.feed, self.view, self.meters = Feed(self), LiveView(self), MetersBar(self)
        self.recording, self.clips = Recording(session, self), ClipsPanel(session, jobs, self)
        self.help = LiveHelp(self.feed, self.meters, self)
        self.timeline, self.card = TimelinePanel(self), VerdictCard(self)
        self.whose, self.tools = Whose(session, self), Tools(self)
        self.device_form = DeviceForm(self, demo=session.library.demo)
        self.plan_form, self.assign_form = PlanForm(self), AssignForm(session, self)
        self._frozen: Frame | None = None
        self._line: Timeline | None = None
        self._looking_back = False  # a frame of a clip is shown
        self._whitened: object = None  # the acid and device for which whitening is or was recorded
        self._thumbs: dict[int, list[QPixmap]] = {}
        self._leaving = QTimer(self, singleShot=True, interval=int(1000 * LEFT_S))
        self._leaving.timeout.connect(self._let_camera_go)
        self._lay_out()
        self._actions = actions_of(self)
        self._connect()
        self._on_case(session.case)

    # ---- the window

    def page_actions(self) -> Sequence[QAction]:
        """Commands for the menu and the shortcut editor."""
        return tuple(self._actions.values())

    def entered(self) -> None:
        """The page is in front: the camera is opened, the keys go to the live picture."""
        self._leaving.stop()
        self.in_front.emit(True)
        if self.examining.device is None and not self.examining.opening:
            self.open_again()
        if self._steps.currentWidget() is self.examine:
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self._refresh()

    def left(self) -> None:
        """Another page is in front. An examination goes on; a camera that nothing needs is let go after a while."""
        self._leaving.start()
        self.in_front.emit(False)

    def detach(self) -> None:
        """The library is about to be closed."""
        self.help.stop()
        self.recording.stop()
        self.feed.stop()
        self.examining.stop()
        self._session.on_case.remove(self._on_case)

    @property
    def idle(self) -> bool:
        """Whether nothing is still opening or on its way to the library."""
        return not self.examining.opening and not self.examining.names

    # ---- commands

    def go(self) -> None:
        """Do what the large button says."""
        line = self._line
        if line is None or line.blocked:
            return
        if line.step is not None and line.step.starts_clock and self._frozen is None:
            self.start_acid()
        elif self._ready():
            self._take(None)

    def take_pair(self) -> None:
        """A pair, whatever comes next."""
        if self._ready(pair=True):
            self._take(True)

    def take_picture(self) -> None:
        """A white-light picture, whatever comes next."""
        if self._ready():
            self._take(False)

    def start_acid(self) -> None:
        """Start the clock; once it runs a second press within a short time starts it anew."""
        if not self._ready(camera=False):
            return
        live = self.examining.live
        if live is not None and live.acid:
            if self.tools.confirms("acid"):
                self.examining.start_acid(again=True)
            else:
                self.said.emit(say.ACID_AGAIN)
            return
        self.examining.start_acid()

    def skip(self) -> None:
        """Leave the next step out; undo takes that back."""
        line = self._line
        if line is not None and line.step is not None and not line.step.starts_clock and self._ready(camera=False):
            self.examining.skip(line.step)

    def retake(self) -> None:
        """Take what was taken last off the record (undo brings it back) and take it anew."""
        lots = self.examining.lots
        news = self.examining.news.get(lots[-1].number) if lots else None
        if news is None or news.kept is None or not self._ready(pair=news.lot.pair):
            return
        from pfm_desktop.services import removal

        ids = [picture.id for picture in news.kept.pictures]
        if self._session.perform(lambda lib: removal.remove_pictures(lib, ids)) is not None:
            self.examining.take_next(None, pair=news.lot.pair)

    def toggle_freeze(self) -> None:
        """Hold the picture that is shown, or go on."""
        device = self.examining.device
        if self._frozen is not None or device is None:
            self._frozen = None
            self.feed.show_still(None)
        elif (frame := device.stream.latest()) is not None:
            self._frozen = frame
            self.feed.show_still(frame.pixels)
        self._refresh()

    def toggle_green(self) -> None:
        """A green filter, for looking only: what is kept stays as it is."""
        self.feed.change_look(green=not self.feed.look.green)
        self._refresh()

    def toggle_grid(self) -> None:
        """Lines to aim by."""
        self.view.grid = not self.view.grid
        self.view.update()
        self._refresh()

    def toggle_ghost(self) -> None:
        """The picture of the visit before over the live one, to find the same framing."""
        if self.view.ghost is None:
            self.help.fetch_ghost(self._session, self._ghost_came, self.said.emit)
            return
        self.view.ghost = None
        self.view.update()
        self._refresh()

    def zoom(self, steps: float, at: tuple[float, float] | None = None) -> None:
        """Nearer or farther, about a point (0 to 1 of the frame)."""
        look = self.feed.look
        zoom = min(max(look.zoom * ZOOM_STEP**steps, 1.0), shown.MOST_ZOOM)
        centre = look.centre
        if at is not None and zoom > 1.0:
            share = look.zoom / zoom
            centre = tuple(p + (c - p) * share for p, c in zip(at, look.centre, strict=True))
        self.feed.change_look(zoom=zoom, centre=centre)
        self._refresh()

    def zoom_reset(self) -> None:
        """All of the frame."""
        self.feed.change_look(zoom=1.0, centre=(0.5, 0.5))
        self._refresh()

    def toggle_record(self) -> None:
        """Record a clip, or end it."""
        if self.recording.runs(ClipKind.VIDEO):
            self.recording.end(ClipKind.VIDEO)
        elif self._ready() and self.examining.begin():
            self._record(ClipKind.VIDEO)

    def toggle_clips(self) -> None:
        """Look through the clips of the visit, or back to the live picture."""
        shows = self.clips.isVisibleTo(self)
        self.card.setVisible(shows)
        self.clips.setVisible(not shows)
        self._frozen = None
        if shows:
            self.clips.end()
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.clips.begin()
            bring_into_sight(self.clips)
        self._refresh()

    def _show_clip(self, pixels: object) -> None:
        self._looking_back = pixels is not None
        self.feed.show_still(pixels)  # type: ignore[arg-type]  # H x W x 3 uint8 RGB, or None
        self._refresh()

    def _record(self, kind: ClipKind) -> None:
        device, live = self.examining.device, self.examining.live
        if device is not None and live is not None:
            self.recording.begin(
                kind,
                live.examination.visit_id,
                device.stream,
                camera=device.config.name,
                since_acid=live.seconds,
            )

    def _follow_acid(self) -> None:
        """Whitening is recorded by itself from acetic acid until it fades."""
        live = self.examining.live
        seconds = live.seconds(time.monotonic()) if live is not None else None
        runs = self.recording.runs(ClipKind.WHITENING)
        wanted = seconds is not None and 0.0 <= seconds < WHITENING_S and not self._session.library.no_editing
        once = (live.examination.acid_at if live is not None else None, id(self.examining.device))
        if wanted and not runs and self._can_take and once != self._whitened:
            self._whitened = once  # where it cannot be recorded that is said once
            self._record(ClipKind.WHITENING)
        elif runs and not wanted:
            self.recording.end(ClipKind.WHITENING)

    @property
    def _recording_words(self) -> str:
        if not self.recording.runs(ClipKind.VIDEO):
            return ""
        return say.recording_words(self.recording.seconds(ClipKind.VIDEO), dropped=self.recording.dropped)

    def open_again(self) -> None:
        """Open the device that was chosen; none is where a phantom would get among pictures of women."""
        self._frozen = None
        self.feed.show_still(None)
        config = devices.load()
        if config.kind is devices.Kind.SIMULATED and not self._session.library.demo:
            self.examining.close_device(say.NO_DEVICE)
        else:
            self.examining.open_device(config)

    def choose_device(self) -> None:
        """Ask which camera and lamp this workstation has."""
        self.device_form.begin(devices.load())
        self._show(self.device_form)

    def edit_plan(self) -> None:
        """Show the plan of the site, to be changed."""
        from pfm_desktop.services.capture import records

        try:
            plan = records.site_plan(self._session.library)
        except UserError as error:
            self._session.say(error)
            return
        self.plan_form.begin(plan, may_change=self._session.library.no_editing)
        self._show(self.plan_form)

    def assign(self) -> None:
        """Ask whose visit it is."""
        if self._case is not None and self._case.patient.unassigned:
            self.assign_form.begin(self._case.visit.id)
            self._show(self.assign_form)

    def _use_device(self, config: devices.DeviceConfig) -> None:
        try:
            devices.save(config)
        except UserError as error:
            self._session.say(error)
            return
        self._show(self.examine)
        self.open_again()

    def _save_plan(self, plan: Plan) -> None:
        from pfm_desktop.services.capture import records

        if self._session.perform(lambda lib: records.change_site_plan(lib, plan), undoable=False) is not None:
            self.examining.follow_plan(plan)
            self._show(self.examine)
            self.said.emit(say.PLAN_SAVED)

    def _show(self, step: QWidget) -> None:
        self._steps.setCurrentWidget(step)
        if step is self.examine:
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self._refresh()

    # ---- taking

    def _ready(self, *, pair: bool = False, camera: bool = True) -> bool:
        """Whether something can be taken now; where not that is said. Without a patient an unassigned visit begins."""
        why = say.why_not(
            signed=self._case is not None and self._case.signed,
            no_editing=self._session.library.no_editing,
            camera=not camera or self._can_take,
            pair=not pair or self._can_pair,
        )
        if why:
            self.said.emit(why)
            return False
        return self._case is not None or self.whose.begin_unassigned()

    def _take(self, pair: bool | None) -> None:
        line = self._line
        step = line.step if line is not None and (line.step is None or not line.step.starts_clock) else None
        if self._frozen is not None and not pair:
            frame, self._frozen = self._frozen, None
            self.examining.take_still(frame, step)
            self.feed.show_still(None)
            return
        if self._frozen is not None:
            self.toggle_freeze()
        self.examining.take_next(step if pair is None else None, pair=pair)

    @property
    def _can_take(self) -> bool:
        device = self.examining.device
        return device is not None and device.stream.latest() is not None

    @property
    def _can_pair(self) -> bool:
        device = self.examining.device
        return device is not None and device.config.has_fluorescence

    # ---- what is shown

    @property
    def _case(self) -> VisitCase | None:
        return self._session.case

    def _on_case(self, case: VisitCase | None) -> None:
        live = self.examining.live
        if live is not None and (case is None or case.visit.id != live.examination.visit_id):
            self.recording.end_all()
        self.examining.follow(case)
        self.whose.show_case(case)
        if case is None or not self.examining.lots:
            self._thumbs = {}
        self._clips_changed()
        self.view.ghost = None
        self._refresh()

    def _device_changed(self) -> None:
        device = self.examining.device
        if device is None:
            self.recording.end_all()
        if device is not None and self.feed.source is not device.stream:
            self.feed.start(device.stream)
        elif device is None:
            self.feed.stop()
            self.view.show_frame(None)
        self._refresh()

    def _frame_ready(self) -> None:
        if (made := self.feed.take()) is not None:
            self.view.show_frame(made)

    def _view_resized(self) -> None:
        self.feed.change_look(view=self.view.room, ratio=self.view.devicePixelRatioF())

    def _refresh(self) -> None:
        """What the clock, the device or the examination changes."""
        self._follow_acid()
        facts = self.examining.facts
        self._line = timeline(facts)
        asked = self._case is None or facts.iodine is not None
        self.timeline.show_timeline(self._line, can_take=self._can_take, can_pair=self._can_pair, asked=asked)
        device, status = self.examining.device, self.examining.status
        frozen = self._frozen is not None
        self.view.badges = say.badges(
            frozen=frozen,
            green=self.feed.look.green,
            zoom=self.feed.look.zoom,
            simulated=device is not None and device.config.kind is devices.Kind.SIMULATED,
            ghost=self.view.ghost is not None,
            recording=self._recording_words,
            clip=self._looking_back,
        )
        opening, problem = self.examining.opening, self.examining.device_problem
        said = say.camera_words(opening=opening, problem=problem, status=status, open_=device is not None)
        if said != self.view.said or frozen:
            self.view.said = said
            self.view.update()
        given = device.stream.status.format if device is not None else None
        width = given.width if given is not None else 0
        self.view.mm_per_px = device.config.mm_at(width) if device is not None else None
        self.tools.show_state(
            frozen=frozen,
            green=self.feed.look.green,
            grid=self.view.grid,
            ghost=self.view.ghost is not None,
            record=self.recording.runs(ClipKind.VIDEO),
        )
        name, now = ("", None) if device is None else (device.config.name, device.stream.status)
        self.tools.show_device(say.device_words(name, now))

    def _lot_changed(self, lot: Lot) -> None:
        if not self.examining.lots or lot.number != self.examining.lots[-1].number:
            return
        news = self.examining.news.get(lot.number)
        verdict, problem = self.examining.verdicts.get(lot.number, (None, ""))
        pictures: list[QPixmap] = []
        if news is not None and news.state is LotState.KEPT:  # in the library before its thumbnail shows
            pictures = self._thumbs.setdefault(lot.number, [_thumbnail(one.pixels, self) for one in lot.pictures])
        self.card.show_card(card_of(lot, news, verdict, problem), pictures)
        self._refresh()

    def _ghost_came(self, image: QImage) -> None:
        self.view.ghost = image
        self.view.update()
        self._refresh()

    def _let_camera_go(self) -> None:
        if not self.isVisible() and self.examining.live is None:
            self.feed.stop()
            self.examining.close_device()

    def _clips_changed(self) -> None:
        if self.clips.isVisibleTo(self):
            self.clips.follow()

    def _mark(self, _key: str) -> None:
        self._refresh()

    # ---- making

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setContentsMargins(8, 8, 4, 6)
        left.setSpacing(4)
        left.addWidget(self.view, 1)
        left.addWidget(self.meters)
        left.addWidget(self.tools)
        inside = QWidget(self)
        column = QVBoxLayout(inside)
        column.setContentsMargins(4, 8, 8, 8)
        column.setSpacing(8)
        for part in (self.whose, self.timeline, self.card, self.clips):
            column.addWidget(part)
        self.clips.hide()
        column.addStretch(1)
        self.side = QScrollArea(self)
        self.side.setWidget(inside)
        self.side.setWidgetResizable(True)
        self.side.setFrameShape(QScrollArea.Shape.NoFrame)
        self.side.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.side.setFixedWidth(SIDE_WIDTH)
        self.examine = QWidget(self)
        row = QHBoxLayout(self.examine)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(self.side)
        self._steps = QStackedLayout(self)
        for step in (self.examine, self.device_form, self.plan_form, self.assign_form):
            self._steps.addWidget(step)

    def _connect(self) -> None:
        self._session.on_case.append(self._on_case)
        self.feed.ready.connect(self._frame_ready)
        self.view.resized.connect(self._view_resized)
        self.view.zoomed.connect(self._wheel)
        self.examining.changed.connect(self._refresh)
        self.examining.device_changed.connect(self._device_changed)
        self.examining.lot_changed.connect(self._lot_changed)
        self.examining.failed.connect(self.said)
        self.recording.said.connect(self.said)
        self.recording.changed.connect(self._refresh)
        self.recording.changed.connect(self._clips_changed)
        self.clips.still.connect(self._show_clip)
        self.clips.said.connect(self.said)
        self.clips.closed.connect(self.toggle_clips)
        self.examining.marked.connect(self._mark)
        panel, back = self.timeline, partial(self._show, self.examine)
        for signal, slot in (
            (panel.go, self.go),
            (panel.pair, self.take_pair),
            (panel.picture, self.take_picture),
            (panel.skip, self.skip),
            (panel.allergy, self.examining.answer_allergy),
            (panel.override, self.examining.allow_iodine),
            (self.card.retake, self.retake),
            (self.card.retry, self.examining.save),
            (self.whose.today_wanted, self.today_wanted),
            (self.whose.assign_wanted, self.assign),
            (self.device_form.chosen, self._use_device),
            (self.plan_form.saved, self._save_plan),
            *((form.closed, back) for form in (self.device_form, self.plan_form, self.assign_form)),
            (self.assign_form.done, back),
        ):
            signal.connect(slot)
        self.tools.connect_to({name: partial(self._actions[name].trigger) for name in self._actions})
        self.name_keys()
        self._session.on_settings.append(lambda _settings: self.name_keys())

    def name_keys(self) -> None:
        """Keys stand on the buttons that do the same."""
        keys = {name: action.shortcut().toString() for name, action in self._actions.items()}
        self.timeline.name_keys(keys["go"], keys["pair"], keys["picture"], keys["skip"])
        self.tools.name_keys(keys)

    def _wheel(self, steps: float, x: float, y: float) -> None:
        device = self.examining.device
        frame = device.stream.latest() if device is not None else None
        if frame is not None:
            self.zoom(steps, (x / frame.pixels.shape[1], y / frame.pixels.shape[0]))


def _thumbnail(pixels: object, widget: QWidget) -> QPixmap:
    """Of H x W x 3 uint8 RGB."""
    ratio = widget.devicePixelRatioF()
    made = shown.small(pixels, round(THUMB.width() * ratio))  # type: ignore[arg-type]  # pixels of a LivePicture
    image = QImage(made.data, made.shape[1], made.shape[0], made.strides[0], QImage.Format.Format_RGB888).copy()
    pixmap = QPixmap.fromImage(image)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _open_device(config: devices.DeviceConfig):  # type: ignore[no-untyped-def]
    from pfm_desktop.services.capture.device import open_device

    return open_device(config)
