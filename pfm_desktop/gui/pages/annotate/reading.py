"""Reading: the pair on the stage, what is said of it beside, and the next pair as soon as it is graded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from pfm_desktop.domain.anatomy import Outline
from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.labelling import REASONS, Quality, Read, Reason, Region
from pfm_desktop.domain.source import Source
from pfm_desktop.gui.pages.annotate.ai_answer import AiAnswer, Site
from pfm_desktop.gui.pages.annotate.keys import NOT_OF_THE_STAGE, actions_for, short_line
from pfm_desktop.gui.pages.annotate.shelf import AHEAD, Load, Shelf
from pfm_desktop.gui.pages.annotate.side import ReadingSide
from pfm_desktop.gui.widgets.cut_words import OneLine
from pfm_desktop.gui.widgets.held_keys import HeldKeys
from pfm_desktop.gui.widgets.panel_parts import bring_into_sight
from pfm_desktop.gui.widgets.stage import StageWidget, Tool
from pfm_desktop.gui.widgets.stage_prepared import PreparedPair
from pfm_desktop.gui.widgets.stage_regions import ShownRegion
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import annotate_words
from pfm_desktop.viewmodels.annotate import Reading, Sight
from pfm_desktop.viewmodels.pair_view import Mode, fitted

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library

NARROW, WIDE, SHARE = 344, 420, 0.24  # logical pixels of the column, and its share of the page
LOADING = tr("Loading this pair ...")
ALL_READ = tr("All pairs are read. Thank you.\n\nLeft goes back to them, T to the tasks.")
ALL_DECIDED = tr("Nothing more to decide here.\n\nLeft goes back, T to the tasks.")
CANNOT = tr("This pair cannot be shown: {why}.\n\nPress 0 to go on without a grade, or F5 to try again.")


class ReadingView(QWidget):
    """`moved` when another pair is in front or something was said; `tasks_wanted` when the reader has enough."""

    moved = Signal()
    tasks_wanted = Signal()

    def __init__(
        self, library: Library, parent: QWidget | None = None, *, load: Load | None = None, site: Site | None = None
    ) -> None:
        self._held = HeldKeys()  # Qt sends events while it makes the widget
        super().__init__(parent)
        self.reading: Reading | None = None
        self._others: Mapping[str, tuple[Read, ...]] = {}
        self._on_stage: object = None  # the pair that is seen
        self._drawn_one = False  # since the tool that draws was taken
        self.shelf = Shelf(library, self, load=load)
        self.stage = StageWidget(self)
        self.stage.setAcceptDrops(False)
        self.stage.keys.leave(NOT_OF_THE_STAGE)
        self.ai = AiAnswer(library, site or Site())
        self.actions_by_id = actions_for(self, self._slots(), self._held)
        self.side = ReadingSide(self.actions_by_id, self.ai)
        self.how, self.keys_line = QLabel(self), OneLine(self)
        self.how.setProperty("role", "quiet")
        self._lay_out()
        self._connect()

    @property
    def idle(self) -> bool:
        """Whether nothing is being made ready."""
        return not self.shelf.busy and not self.stage.busy and self.ai.idle

    def begin(self, reading: Reading, others: Mapping[str, tuple[Read, ...]] | None = None) -> None:
        """Read these turns. `others`: by pair, what readers said, for who decides between them."""
        self.reading, self._others = reading, others or {}
        self._on_stage = None
        self.follow()
        self.name_keys()

    def end(self) -> None:
        """What was said is kept as far as it can be, and no picture stays in memory."""
        self.keep_said()
        self.reading = None
        self.name_keys()
        self.shelf.empty()
        self.stage.clear()

    def take_keys(self) -> None:
        """The keys go to the pictures."""
        self.stage.setFocus(Qt.FocusReason.OtherFocusReason)

    def look_on(self) -> None:
        """The page is in front again: the seconds of the pair in front count from here."""
        if self.reading is not None and self.reading.sight is Sight.PICTURES:
            self.reading.shown()
        self.take_keys()

    def let_go(self) -> None:
        """Another page is in front: nothing is held or half drawn."""
        self.keep_said()
        self.ai.let_go()
        self.stage.commands.let_go()
        self.stage.commands.cancel_drag()

    def keep_note(self) -> None:
        """What stands in the note goes with the pair in front."""
        reading = self.reading
        if reading is not None and reading.turn is not None and self.side.note.text().strip() != reading.draft.note:
            reading.set_note(self.side.note.text())

    def keep_said(self) -> None:
        """The same, and corners that were clicked are a region, as far as they are enough."""
        self.stage.commands.corners.close()
        self.keep_note()

    def name_keys(self) -> None:
        """Other keys were chosen, or when the answer of the model is shown."""
        self.ai.follow(self.reading)
        self.actions_by_id["ai"].setVisible(not self.ai.isHidden())  # a command that is not seen takes no key
        self.side.name_keys()
        self.keys_line.show_words(short_line(self.actions_by_id))

    def show_keys(self) -> None:
        """Show all keys, or hide them again."""
        self.side.keys.setHidden(not self.side.keys.isHidden())
        if not self.side.keys.isHidden():
            bring_into_sight(self.side.keys)
        else:
            self._area.verticalScrollBar().setValue(0)  # the grades are what is wanted again

    # ---- commands

    def grade(self, grade: Grade) -> None:
        """Give the pair in front a grade; where the reasons are asked for, the key of a grade is that of a reason."""
        if self.side.asking_why:
            self.cannot(REASONS[grade.rank])
            return
        reading = self._heard(leaves=True)
        if reading is not None:
            reading.grade(grade)
            self.follow()

    def cannot(self, reason: Reason) -> None:
        """Say why the pair in front cannot be graded."""
        reading = self._heard(leaves=True)
        if reading is not None and self.side.asking_why:
            reading.cannot(reason)
            self.follow()

    def ask_why(self) -> None:
        """Ask for the reason, or no more."""
        reading = self.reading
        if reading is not None and reading.sight is not Sight.NOTHING:
            self.side.ask_why(not self.side.asking_why)

    def go(self, step: int) -> None:
        """Another pair, without reading this one."""
        reading = self._heard(leaves=True)
        if reading is not None and reading.go(step):
            self.follow()

    def undo(self) -> None:
        """Take back what was done last, of whichever pair: a corner, what is said beside the grade, a read."""
        if self.stage.commands.corners.drop_last():
            return
        reading = self._heard()
        if reading is not None and reading.undo():
            self.follow()

    def redo(self) -> None:
        """Do it again."""
        reading = self._heard(leaves=True)
        if reading is not None and reading.redo():
            self.follow()

    def write_note(self) -> None:
        """The keys go to the note."""
        if self.side.note.isEnabled():
            self.side.note.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._area.ensureWidgetVisible(self.side.note)

    def ask_ai(self) -> None:
        """Ask what the model says of the pair in front; it stands below the grades."""
        if not self.ai.isHidden():
            self.side.ask_why(False)
            self.ai.ask()

    def toggle_region(self) -> None:
        """Draw lesions with the mouse, or pan again. The key after a lesion that was drawn is for the next one."""
        drawing = self.stage.tool == Tool.REGION.value
        seen = self.reading is not None and self.reading.sight is Sight.PICTURES
        clicked = self.side.draw.isChecked() is not drawing  # the button shows what it wants: it never stays by itself
        next_one = drawing and not clicked and (self._drawn_one or bool(len(self.stage.commands.corners)))
        self._drawn_one = False
        self.stage.tool = Tool.REGION.value if seen and (not drawing or next_one) else Tool.PAN.value
        self.side.draw.setChecked(self.stage.tool == Tool.REGION.value)

    def leave(self) -> None:
        """Let go of what was begun: a line that is drawn, the keys, the reasons, the tool."""
        if self.stage.commands.cancel_drag():
            return
        if not self.side.keys.isHidden():
            self.show_keys()
        elif self.side.asking_why:
            self.side.ask_why(False)
        else:
            self.stage.tool = Tool.PAN.value
        self.take_keys()

    def retry(self) -> None:
        """Read the pictures of the pair in front again."""
        reading = self.reading
        if reading is not None and reading.turn is not None:
            self.shelf.again(reading.turn.pair_id)
            self._on_stage = None
            self.follow()

    # ---- what is shown

    def follow(self) -> None:
        """Show the pair in front: the pictures first, in one step where they are at hand."""
        reading = self.reading
        if reading is None:
            return
        self.ai.follow(reading)
        self._show_pair(reading)
        self.shelf.want(reading.wanted(AHEAD))  # once the pair is painted: a thread would take part of the time
        self.side.show_reading(reading)
        self.moved.emit()

    def _show_pair(self, reading: Reading) -> None:
        if self._on_stage != (reading.turn, reading.place) or reading.sight is Sight.NOTHING:
            self._put_on_stage(reading)
        self.stage.regions.show(_regions(reading, self._voices(reading)))

    def _put_on_stage(self, reading: Reading) -> None:
        turn = reading.turn
        self.side.ask_why(False)
        self.stage.tool = Tool.PAN.value
        held = None if turn is None else self.shelf.get(turn.pair_id)
        self._on_stage = (turn, reading.place) if held is not None else None
        if isinstance(held, PreparedPair):
            self.stage.set_view(fitted(replace(self.stage.view, flicker=Source.WHITE)))  # each pair begins alike
            self.stage.set_prepared(held)
            self.stage.set_scale(held.mm_per_px)
            reading.shown()
        else:
            self._say_instead(reading, held)
        self.how.setText(_how(held))
        self.stage.repaint()  # not at the next turn of the event loop: the reader waits for it
        voices = self._voices(reading)
        self.side.show_others(voices, _names(reading, voices), reading.reader)

    def _voices(self, reading: Reading) -> tuple[Read, ...]:
        """What readers said of the pair in front, for who decides between them: on record before it is shown."""
        voices = self._others.get(reading.turn.pair_id, ()) if reading.turn is not None else ()
        return voices if voices and reading.others_may_show() else ()

    def _say_instead(self, reading: Reading, why: str | None) -> None:
        self.stage.empty_words = LOADING
        if reading.turn is None:
            self.stage.empty_words = ALL_DECIDED if reading.adjudicates else ALL_READ
        elif why is not None:
            self.stage.empty_words = CANNOT.format(why=why.split(". ", 1)[0].rstrip("."))
            reading.shown(Sight.BROKEN)
        self.stage.clear()

    def _ready(self, pair_id: str) -> None:
        reading = self.reading
        if reading is None or reading.turn is None or reading.turn.pair_id != pair_id:
            return
        if reading.sight is not Sight.PICTURES:
            self.follow()
        elif isinstance(held := self.shelf.get(pair_id), PreparedPair):  # the same pictures, registered now
            self.stage.set_prepared(held)
            self.how.setText(_how(held))

    def _drawn(self, frame: Source, outline: Outline) -> None:
        reading = self.reading
        if reading is not None and reading.sight is Sight.PICTURES:
            self._drawn_one = True
            reading.add_region(Region(frame, tuple(outline)))
            self.follow()

    def _follow_tool(self, tool: str) -> None:
        self.side.draw.setChecked(tool == Tool.REGION.value)
        self._follow_drawing(0)

    def _follow_drawing(self, corners: int) -> None:
        """Corners come and go without a step of reading; undo takes them back as well."""
        self.side.show_drawing(corners)
        self.moved.emit()

    def _rate(self, quality: Quality | None) -> None:
        if (reading := self._heard()) is not None:
            reading.set_quality(quality)
            self.follow()

    def _cycle_quality(self) -> None:
        if (reading := self._heard()) is not None:
            reading.cycle_quality()
            self.follow()

    def _drop_region(self) -> None:
        if self.stage.commands.corners.drop_last():
            return
        if (reading := self._heard()) is not None and reading.drop_region():
            self.follow()

    def _heard(self, *, leaves: bool = False) -> Reading | None:
        """Before anything else is done, what was typed goes with its pair; `leaves`: another may be in front then."""
        if leaves:
            self.keep_said()
        else:
            self.keep_note()
        return self.reading

    def _noted(self) -> None:
        """The keys left the note: what waits for a grade is said."""
        self.keep_note()
        if self.reading is not None:
            self.side.show_reading(self.reading)

    def _note_done(self) -> None:
        self.take_keys()
        self._noted()

    def _press_reason(self, place: int) -> None:
        if self.side.asking_why:
            self.cannot(REASONS[place])

    # ---- making

    def _slots(self) -> dict[str, Callable[[], object]]:
        do = self.stage.commands
        return {
            **{f"grade_{grade.value}": partial(self.grade, grade) for grade in GRADES},
            "reason_5": partial(self._press_reason, 4),
            "reason_6": partial(self._press_reason, 5),
            "cannot": self.ask_why,
            "next": partial(self.go, 1),
            "previous": partial(self.go, -1),
            "undo": self.undo,
            "note": self.write_note,
            "quality": self._cycle_quality,
            "ai": self.ask_ai,
            "region": self.toggle_region,
            "drop_region": self._drop_region,
            **{mode.value: partial(do.set_mode, mode) for mode in (Mode.SIDE_BY_SIDE, Mode.BLEND, Mode.SWIPE)},
            "flicker": do.flick,
            "tasks": self.tasks_wanted.emit,
            "leave": self.leave,
        }

    def _lay_out(self) -> None:
        self._area = QScrollArea(self)
        self._area.setWidget(self.side)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 3, 8, 3)
        foot.addWidget(self.keys_line, 1)
        foot.addWidget(self.how)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(self.stage, 1)
        left.addLayout(foot)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(self._area)

    def _connect(self) -> None:
        self.shelf.ready.connect(self._ready)
        self.stage.region_drawn.connect(self._drawn)
        self.stage.corners_changed.connect(self._follow_drawing)
        self.stage.tool_changed.connect(self._follow_tool)
        self.side.graded.connect(self.grade)
        self.side.refused.connect(self.cannot)
        self.side.rated.connect(self._rate)
        self.side.noted.connect(self._noted)
        self.side.note.done.connect(self._note_done)
        self.name_keys()

    def event(self, event: QEvent) -> bool:
        """Keys that nothing in here took come by before they act."""
        self._held.look(event)
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The stage keeps most of the page."""
        super().resizeEvent(event)
        self._area.setFixedWidth(min(WIDE, max(NARROW, round(SHARE * self.width()))))

    def focusNextPrevChild(self, next_: bool) -> bool:
        """Keys whose widget is switched off under them go to the pictures."""
        held = QApplication.focusWidget()
        if self.isVisible() and held is not None and self.isAncestorOf(held) and not held.isEnabled():
            self.take_keys()
            return True
        return super().focusNextPrevChild(next_)


def _regions(reading: Reading, voices: Sequence[Read]) -> list[ShownRegion]:
    """What the reader drew; for who decides, also what each of the others did."""
    shown = [
        ShownRegion(one.frame, one.outline, name, place)
        for place, (read, name) in enumerate(zip(voices, _names(reading, voices), strict=True))
        for one in read.regions
    ]
    own = tr("decided", "by who decides between readers") if voices else ""
    return [*shown, *(ShownRegion(one.frame, one.outline, own) for one in reading.draft.regions)]


def _names(reading: Reading, voices: Sequence[Read]) -> tuple[str, ...]:
    return annotate_words.voices(voices, decided=reading.read is not None)


def _how(held: PreparedPair | str | None) -> str:
    """Whether the two pictures lie on each other."""
    if not isinstance(held, PreparedPair):
        return ""
    if held.white is None or held.fluorescence is None:
        return tr("One picture")
    if held.pending:
        return tr("Being registered ...")
    return tr("Registered") if held.warped is not None else tr("Not registered: side by side")
