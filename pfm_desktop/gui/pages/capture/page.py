"""The Capture page: the live picture, the timeline of the examination beside it, and what was taken last."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from pfm_desktop.capture.status import StreamState
from pfm_desktop.domain.clip import ClipKind
from pfm_desktop.domain.examination import GOES_ON_S, MISSED_S, Step
from pfm_desktop.domain.source import Source
from pfm_desktop.gui.actions import NATIVE
from pfm_desktop.gui.pages.capture.actions import actions_of
from pfm_desktop.gui.pages.capture.arriving import Arriving
from pfm_desktop.gui.pages.capture.examining import Examining
from pfm_desktop.gui.pages.capture.feed import Feed
from pfm_desktop.gui.pages.capture.forms import Forms
from pfm_desktop.gui.pages.capture.helping import LiveHelp
from pfm_desktop.gui.pages.capture.looking import Looking, Shows
from pfm_desktop.gui.pages.capture.open_device import OpenDevice, OpenIt
from pfm_desktop.gui.pages.capture.recording import Recording
from pfm_desktop.gui.pages.capture.side import SideCards
from pfm_desktop.gui.pages.capture.tools import CONFIRM_MS, Tools
from pfm_desktop.gui.pages.capture.whose import Whose
from pfm_desktop.gui.widgets.held_keys import KeyArea
from pfm_desktop.gui.widgets.live_view import LiveView
from pfm_desktop.gui.widgets.meters_bar import MetersBar
from pfm_desktop.gui.widgets.timeline_panel import TimelinePanel
from pfm_desktop.services import removal
from pfm_desktop.services.capture import config as devices
from pfm_desktop.services.capture.keeping import LotState
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import arrival_words
from pfm_desktop.viewmodels import capture_words as say
from pfm_desktop.viewmodels.taken import NOTHING
from pfm_desktop.viewmodels.timeline import Timeline, timeline
from pfm_desktop.viewmodels.words import woman_words

if TYPE_CHECKING:
    from pfm_desktop.capture.source import Frame
    from pfm_desktop.gui.qt_jobs import QtJobs
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.viewmodels.session import Session

SIDE_WIDTH = 364
BOUNCE_S = 0.5  # so soon after a press another one is none
SOON_MS = 2000  # so long after a picture was asked for the key for what comes next starts no clock
NIGHT = timedelta(hours=12)  # an examination may go on past midnight
LEFT_S = 20.0  # so long after the page was left a camera that nothing needs is let go


class CapturePage(QWidget):
    """Follows `session.case`. `open_device` stands in for `services.capture.device.open_device` in tests."""

    title = tr("Capture")
    said = Signal(str)
    unsaid = Signal(str)  # what was said is settled
    today_wanted = Signal()
    in_front = Signal(bool)  # while it is, Review waits with what it would load of each new picture

    def __init__(
        self, session: Session, jobs: QtJobs, parent: QWidget | None = None, *, open_device: OpenIt | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self.examining = Examining(session, open_device or _open_device, self)
        self.feed, self.view, self.meters = Feed(self), LiveView(self), MetersBar(self)
        self.help = LiveHelp(self.feed, self.meters, self)
        self.looking = Looking(self.feed, self.view, self.help, session, self)
        self.recording = Recording(session, self.examining, self)
        self.timeline = TimelinePanel(self)
        self.arriving = Arriving(session, self.examining, self)
        self.whose, self.tools = Whose(session, self), Tools(self)
        self.examine = KeyArea(self)  # what is shown while a woman is examined
        self.examine.home = self.view
        self.forms = Forms(session, self)
        self.cards = SideCards(session, jobs, self)
        self._visit_id = self._of_another_day = ""  # that of today, and one to which today's pictures belong as well
        self._told: list[str] = []  # what was said and may still stand there
        self._no_pair = say.NO_FLUORESCENCE  # why there is no pair, as it was told last
        self._heard: list[str] = []  # the same, of what became of something
        self._leaving = QTimer(self, singleShot=True, interval=int(1000 * LEFT_S))
        self._leaving.timeout.connect(self._let_camera_go)
        self._just_taken = QTimer(self, singleShot=True, interval=SOON_MS)
        self._pressed = -BOUNCE_S  # when something was asked for last
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
        self.take_keys()
        self._refresh()

    def left(self) -> None:
        """Another page is in front. An examination goes on; a camera that nothing needs is let go after a while."""
        self._leaving.start()
        self._unsay()
        self.in_front.emit(False)

    def detach(self) -> None:
        """The library is about to be closed."""
        self.help.stop()
        self.recording.stop()
        self.arriving.stop()
        self.feed.stop()
        self.examining.stop()
        self._session.on_case.remove(self._on_case)

    def take_keys(self) -> None:
        """Keys are those of the live picture, unless a form is open."""
        if self.steps.currentWidget() is self.examine:
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def own_undo(self) -> Callable[[], None] | None:
        """In place of the window's undo while a form hides what that is about, or while what was done last is not on
        record yet: it would take back what was done before it. None otherwise."""
        if self.steps.currentWidget() is not self.examine:
            return partial(self._tell, say.FORM_FIRST)
        settled = self.examining.outcome.idle and self.examining.moments.idle
        return None if settled else partial(self._tell, say.UNDO_WHEN_KEPT)

    @property
    def own_redo(self) -> Callable[[], None] | None:
        """The same."""
        return self.own_undo

    @property
    def idle(self) -> bool:
        """Whether nothing is still opening or on its way to the library."""
        examining = self.examining
        settled = not examining.names and examining.outcome.idle and examining.moments.idle
        return settled and not examining.opening and self.cards.idle

    @property
    def recorded(self) -> dict[str, str]:
        """The examination of which something is being recorded, by an id, for a person; empty for none."""
        if self._case is None or not any(self.recording.runs(kind) for kind in ClipKind):
            return {}
        return {f"examination {self._visit_id}": tr("The examination")}  # without her name: a locked window says it too

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape goes back to the live picture from what is shown beside it."""
        if event.key() == Qt.Key.Key_Escape and self.cards.open:
            self.cards.show_taken()
        else:
            super().keyPressEvent(event)

    # ---- commands

    def go(self) -> None:
        """Do what the large button says."""
        line = self._looked()
        if self._bounces():
            return
        if line.blocked:
            self._tell(line.refusal)
        elif line.step is not None and line.step.starts_clock and self.looking.frozen is None:
            if self._exposes or self._just_taken.isActive():
                self._tell(say.ACID_SOON)  # one press too many is no acid
            else:
                self._start_acid()
        elif self._ready(pair=line.step is not None and line.step.stage.source is Source.FLUORESCENCE):
            self._take(None)

    def take_pair(self) -> None:
        """A pair, whatever comes next; with Lugol's iodine on only where that was asked for twice."""
        if self._bounces() or not self._ready(pair=True):
            return
        live = self.examining.live
        if live is not None and live.iodine and not self.tools.confirms("pair"):
            self._tell(say.PAIR_IN_IODINE)
        else:
            self._take(True)

    def take_picture(self) -> None:
        """A white-light picture, whatever comes next."""
        if not self._bounces() and self._ready():
            self._take(False)

    def start_acid(self) -> None:
        """Start the clock; once it runs a second press within a short time starts it anew."""
        if not self._bounces():
            self._start_acid()

    def _start_acid(self) -> None:
        if not self._ready(camera=False):
            return
        live = self.examining.live
        if live is None or not live.acid:
            self.examining.start_acid()
        elif self.tools.confirms("acid"):
            self.examining.start_acid(again=True)
        else:
            self._tell(say.ACID_AGAIN)
            QTimer.singleShot(CONFIRM_MS, self, partial(self.unsaid.emit, say.ACID_AGAIN))

    def answer_allergy(self, iodine: bool) -> None:
        """She was asked; once it is known a key changes it no more (undo does)."""
        if self._case is not None and self.examining.iodine is None and self._ready(camera=False):
            self.examining.answer_allergy(iodine)

    def _allow_iodine(self, why: str) -> None:
        """In spite of an allergy. A reason holds once: where that is undone it has to be given again."""
        if self.examining.allow_iodine(why):
            self.timeline.reason.clear()

    def skip(self) -> None:
        """Leave the next step out; undo takes that back."""
        if self._bounces():
            return
        step = self._looked().step
        if step is not None and not step.starts_clock and self._ready(camera=False):
            self.examining.skip(step)

    def retake(self) -> None:
        """Take anew what was taken last; the one before goes off the record once the new one is in the library."""
        news, missed = self.examining.outcome.news, self.examining.outcome.missed
        if missed is not None and not missed.replaces:  # the picture before is not shown, and was not meant
            self._tell(NOTHING)
            return
        if news is not None and news.kept is None and news.state is not LotState.DROPPED:
            self._tell(say.RETAKE_WHEN_KEPT)
        if news is None or news.kept is None or not self.examining.outcome.on_record:
            return
        by_itself, step = self.arriving.device is not None, self.examining.step(news.lot.step_key)
        if not self._ready(pair=news.lot.pair, camera=not by_itself):
            return
        if self._takes or self._bounces():
            return  # a second press while the first one is under way
        if self._is_over(step):
            self._tell(say.MARK_OVER)
            return
        ids = tuple(picture.id for picture in news.kept.pictures)
        self._see_live()
        if not by_itself:
            self.examining.take_next(step, pair=news.lot.pair, replaces=ids)
        elif self._session.perform(lambda lib: removal.remove_pictures(lib, ids)) is not None:
            self._tell(arrival_words.AGAIN)

    def toggle_record(self) -> None:
        """Record a clip, or end it."""
        if self.recording.runs(ClipKind.VIDEO):
            self.recording.end(ClipKind.VIDEO)
        elif self._ready() and self.examining.begin():
            self.recording.begin(ClipKind.VIDEO)

    def take_dark(self) -> None:
        """Take a dark frame: it is subtracted from fluorescence from now on."""
        if not self._said_why_not(pair=True):
            self.examining.take_dark()

    def open_again(self) -> None:
        """Open the device that was chosen; none is where a phantom would get among pictures of women."""
        self.looking.go_live()
        config = devices.load()
        if config.kind is devices.Kind.SIMULATED and not self._session.library.demo:
            self.examining.close_device(say.NO_DEVICE)
        else:
            self.examining.open_device(config)

    def ask_whose(self, visit_id: str, woman: str) -> None:
        """The list of Today, from which one comes, stands on this visit: unless it is the one that is examined it must
        be said whose examination it is."""
        case = self._case
        if case is not None and case.visit.id == visit_id:
            self.whose.settle()
        elif not self._under_way:
            self.whose.ask_between(visit_id, woman)

    def may_open(self, visit_id: str) -> bool:
        """Whether another visit may come on the desk: while a woman is examined only where it was asked for twice."""
        if self._case is None or self._visit_id == visit_id or not self._under_way:
            return True
        if self.tools.confirms(f"open {visit_id}"):
            return True
        self._tell(say.ends_examination(woman_words(self._case.patient)))
        return False

    def begin_unassigned(self) -> None:
        """Begin an examination of nobody known, whatever is open."""
        if self.may_open("") and not self._session.library.no_editing and self.whose.begin_unassigned():
            self.show_step(self.examine)

    def show_step(self, step: QWidget) -> None:
        """Show a form, or `examine` again."""
        self.steps.setCurrentWidget(step)
        self.take_keys()
        self._refresh()

    # ---- taking

    def _ready(self, *, pair: bool = False, camera: bool = True) -> bool:
        """Whether something can be taken now; where not that is said. Without a patient an unassigned visit begins."""
        if self._said_why_not(pair=pair, camera=camera) or not self._is_of_today():
            return False
        return self._case is not None or self.whose.begin_unassigned()

    def _is_of_today(self) -> bool:
        """Whether the visit began today, or it was said by a second press that this belongs to it all the same."""
        case = self._case
        if case is None or self._belongs:
            return True
        if self.tools.confirms("another day"):
            self._of_another_day = case.visit.id
            return True
        self._tell(say.another_day(case.visit.day))
        return False

    @property
    def _belongs(self) -> bool:
        """Whether what is taken now belongs to the visit on the desk without a question."""
        case, live = self._case, self.examining.live
        if case is None or self._of_another_day == case.visit.id or (live is not None and live.acid):
            return True
        return case.visit.day == date.today() or abs(datetime.now(UTC) - case.visit.started_at) < NIGHT

    def _said_why_not(self, *, pair: bool = False, camera: bool = True) -> bool:
        why = say.why_not(
            signed=self._signed,
            no_editing=self._session.library.no_editing,
            camera=not camera or self.examining.gives_pictures or self.looking.frozen is not None,
            pair=not pair or self.examining.gives_pairs,
        )
        if why == say.NO_CAMERA and self.arriving.device is not None:
            why = arrival_words.BY_ITSELF
        if why == say.NO_FLUORESCENCE and self.examining.second_problem:
            why = say.without_fluorescence(self.examining.second_problem)
            why += " " + tr("W takes a white-light picture.")
            self._no_pair = why
        why = why or (say.WHOSE_FIRST if self.whose.asks else "")
        if why:
            self._tell(why)
        return bool(why)

    @property
    def _exposes(self) -> bool:
        """Whether something is being taken."""
        live = self.examining.live
        return live is not None and live.busy

    @property
    def _under_way(self) -> bool:
        """Whether a woman is being examined now: something of it is still to come by itself, or is being taken."""
        live = self.examining.live
        if live is None:
            return False
        if live.busy or self.recording.runs(ClipKind.VIDEO):
            return True
        facts = self.examining.facts
        going_on = facts.seconds is not None and facts.seconds < GOES_ON_S
        return going_on and timeline(facts).step is not None

    def _bounces(self) -> bool:
        """Whether this press came so soon after the one before, taken or not, that both are one: a pedal that bounces
        or is held, a double click, a hand that trembles."""
        before, self._pressed = self._pressed, time.monotonic()
        return self._pressed - before < BOUNCE_S

    @property
    def _takes(self) -> bool:
        """Whether something is being taken, or on its way to the library."""
        return self._exposes or not self.examining.outcome.idle

    def _is_over(self, step: Step | None) -> bool:
        """Whether a mark went by: what is taken now is no picture of it."""
        seconds = self.examining.facts.seconds
        mark = step.seconds if step is not None else None
        return mark is not None and seconds is not None and seconds >= mark + MISSED_S

    def _is_white(self, frame: Frame) -> bool:
        device = self.examining.device
        return device is None or device.lit_white(frame)

    def _take(self, pair: bool | None) -> None:
        self._just_taken.start()
        step, frozen = self._looked().step, self.looking.frozen
        wanted = step if pair is None and step is not None and not step.starts_clock else None
        self._see_live()
        if frozen is not None and not pair:
            self.examining.take_still(frozen, wanted)
        else:
            self.examining.take_next(wanted, pair=pair)

    def _see_live(self) -> None:
        """What is taken is what is seen."""
        self.cards.show_taken()
        if self.looking.shows is not Shows.LIVE:
            self.looking.go_live()

    # ---- what is shown

    @property
    def _can_take(self) -> bool:
        """Whether a picture would go into the visit on the desk."""
        return not self._signed and (self.examining.gives_pictures or self.looking.frozen is not None)

    @property
    def _signed(self) -> bool:
        return self._case is not None and self._case.signed

    @property
    def _case(self) -> VisitCase | None:
        return self._session.case

    def _on_case(self, case: VisitCase | None) -> None:
        visit_id = case.visit.id if case is not None else ""
        if visit_id != self._visit_id:  # nothing of the woman before is seen, said or taken any more
            self._visit_id = visit_id
            self._unsay(all_of_it=True)
            self.recording.end_all()
            self.help.drop_ghost()
            self.looking.drop_ghost()
            self.looking.go_live()
            self.forms.leave_visit()
            self.examining.outcome.say_again()
            self.examining.moments.say_again()
        elif case is not None and case.signed:
            self.recording.end_all()
        self.examining.follow(case)
        self.arriving.follow(case)
        self.timeline.follow(visit_id, case.patient.id if case is not None else "")
        self.whose.show_case(case)
        self.cards.follow(case)
        self._refresh()

    def _device_changed(self) -> None:
        device = self.examining.device
        if device is None:
            self.recording.end_all()
            self.feed.stop()
            self.view.show_frame(None)
            self.feed.change_look()  # what stands still is shown without a camera too
        elif self.feed.source is not device.stream:
            self.feed.start(device.stream)
        if self.examining.gives_pictures:
            self._over(say.NO_CAMERA)
        if self.examining.gives_pairs:
            self._over(self._no_pair)
        self._refresh()

    def _forget(self) -> None:
        """Nothing that is shown stays."""
        self.feed.forget()
        self.view.show_frame(None)

    def _tell(self, text: str) -> None:
        """Say why something is not done, or is asked twice: it stands until something else is done."""
        self._told.append(text)
        self.said.emit(text)

    def _pass_on(self, text: str) -> None:
        """What became of something: it stands as long as this visit is on the desk."""
        self._heard.append(text)
        self.said.emit(text)

    def _over(self, text: str) -> None:
        """What was said is settled."""
        self._heard = [one for one in self._heard if one != text]
        self._told = [one for one in self._told if one != text]
        self.unsaid.emit(text)

    def _unsay(self, *, all_of_it: bool = False) -> None:
        """Something else was done: what was said before is about nothing that is in front."""
        told, self._told = self._told, []
        if all_of_it:
            told, self._heard = [*told, *self._heard], []
        for text in told:
            self.unsaid.emit(text)

    def _frame_ready(self) -> None:
        if (made := self.feed.take()) is not None:
            self.view.show_frame(made)

    def _looked(self) -> Timeline:
        """Where the examination stands at this moment; what is on the screen may be a moment old."""
        return timeline(self.examining.facts)

    def _refresh(self) -> None:
        """What the clock, the device or the examination changes."""
        self.recording.follow_acid()
        facts, examining = self.examining.facts, self.examining
        line = timeline(facts)
        asked = self._case is None or facts.iodine is not None
        self.timeline.show_timeline(
            line, can_take=self._can_take, can_pair=examining.gives_pairs, asked=asked, signed=self._signed
        )
        device, status = examining.device, examining.status
        simulated = device is not None and device.config.kind is devices.Kind.SIMULATED
        badges = self.looking.badges(simulated=simulated, recording=self.recording.words)
        live = self.looking.shows is Shows.LIVE
        seen = status is None or status.state is StreamState.LIVE
        self.help.stale = not seen or self.looking.shows not in (Shows.LIVE, Shows.FROZEN)
        said = say.camera_words(
            opening=examining.opening, problem=examining.device_problem, status=status, open_=device is not None
        )
        if examining.second_problem:
            badges = (say.without_fluorescence(examining.second_problem), *badges)
        if self.help.stands and self.arriving.device is None:
            badges = (say.STANDS, *badges)
        waits, plates = self.arriving.words
        now = self.looking.shows not in (Shows.CLIP, Shows.WHITENING)  # nobody knows what zoom a frame of before had
        scale = examining.mm_per_px if now else None
        self.view.say((said or waits) if live else "", badges + (plates if live else ()), mm_per_px=scale)
        recording = self.recording.runs(ClipKind.VIDEO)
        self.tools.show_state(**self.looking.switches(), record=recording, **self.cards.switches)
        camera = device.stream.status if device is not None and self.arriving.device is None else None
        named = "" if device is None else say.SIMULATED_NAME if simulated else device.config.name
        self.tools.show_device(say.device_words(named, camera))

    def _let_camera_go(self) -> None:
        if not self.isVisible() and self.examining.live is None:
            self.examining.close_device()

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
        for part in (self.whose, self.arriving.card, self.timeline, self.cards):
            column.addWidget(part)
        column.addStretch(1)
        above = QWidget(self)
        above.setFixedWidth(SIDE_WIDTH)
        self._column, self._above = column, QVBoxLayout(above)
        self._above.setContentsMargins(4, 8, 8, 0)
        self.side = QScrollArea(self)
        self.side.setWidget(inside)
        self.side.setWidgetResizable(True)
        self.side.setFrameShape(QScrollArea.Shape.NoFrame)
        self.side.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.side.setFixedWidth(SIDE_WIDTH)
        row = QHBoxLayout(self.examine)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(above)
        right.addWidget(self.side, 1)
        row.addLayout(right)
        self.steps = QStackedLayout(self)
        for step in (self.examine, *self.forms.all):
            self.steps.addWidget(step)

    def _keep_clock_in_sight(self) -> None:
        """While something else than what was taken last is shown, which scrolls, clock and next step stand above it."""
        stands_above = self._above.indexOf(self.timeline) >= 0
        if self.cards.open and not stands_above:
            self._above.addWidget(self.timeline)
        elif stands_above and not self.cards.open:
            self._column.insertWidget(self._column.indexOf(self.cards), self.timeline)

    def _connect(self) -> None:
        self.cards.changed.connect(self._keep_clock_in_sight)
        self._session.on_case.append(self._on_case)
        self.looking.is_white = self._is_white
        self.arriving.doubt = lambda: say.WHOSE_FIRST if self.whose.asks else ""
        self.arriving.of_today = lambda: self._belongs
        self.feed.ready.connect(self._frame_ready)
        self.examining.device_changed.connect(self._device_changed)
        for part in (self.examining, self.examining.outcome, self.looking, self.recording, self.cards, self.tools):
            part.changed.connect(self._refresh)
        self.arriving.changed.connect(self._refresh)
        self.arriving.took.connect(self._see_live)
        self.arriving.forgot.connect(self._forget)
        self.examining.outcome.came.connect(self._unsay)
        self.forms.used.connect(self._unsay)
        for speaker in (self.examining, self.looking, self.recording, self.cards, self.forms, self.arriving):
            speaker.said.connect(self._pass_on)
        for speaker in (self.examining, self.recording):
            speaker.over.connect(self._over)
        panel = self.timeline
        for signal, slot in (
            (panel.go, self.go),
            (panel.pair, self.take_pair),
            (panel.picture, self.take_picture),
            (panel.skip, self.skip),
            (panel.allergy, self.examining.answer_allergy),
            (panel.override, self._allow_iodine),
            (self.cards.taken.retake, self.retake),
            (self.cards.taken.retry, self.examining.save),
            (self.whose.today_wanted, self.today_wanted),
            (self.whose.assign_wanted, self.forms.ask_whose),
            (self.whose.settled, self.take_keys),
        ):
            signal.connect(slot)
        self.tools.connect_to({name: partial(self._actions[name].trigger) for name in self._actions})
        self.name_keys()
        self._session.on_settings.append(lambda _settings: self.name_keys())

    def name_keys(self) -> None:
        """Keys stand on the buttons that do the same."""
        keys = {name: action.shortcut().toString(NATIVE) for name, action in self._actions.items()}
        answers = {"no": keys["allergy_no"], "yes": keys["allergy_yes"]}
        self.timeline.name_keys(keys["go"], keys["pair"], keys["picture"], keys["skip"], **answers)
        self.tools.name_keys(keys)


def _open_device(config: devices.DeviceConfig) -> OpenDevice:
    from pfm_desktop.services.capture.device import open_device
    from pfm_desktop.services.capture.folder_device import FolderDevice

    if config.kind is devices.Kind.FOLDER:
        return FolderDevice(config)

    return open_device(config)
