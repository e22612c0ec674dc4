"""The plan of an import as it is shown and changed by hand, before anything is brought in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.actions import native, on_button, plain
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.copied_words import let_copy
from pfm_desktop.gui.widgets.flow import FlowRow
from pfm_desktop.gui.widgets.import_commands import ON_ROWS, ImportCommands
from pfm_desktop.gui.widgets.import_edit import ImportEdit
from pfm_desktop.gui.widgets.import_tree import ImportTree
from pfm_desktop.gui.widgets.panel_parts import say, words
from pfm_desktop.gui.widgets.second_press import SecondPress
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled
from pfm_desktop.viewmodels.import_page import (
    NOTES,
    confirm_doubts,
    confirms_text,
    counts_text,
    notes_text,
    unsure_keys,
)
from pfm_desktop.viewmodels.importing import ImportPreview, LibrarySays, ask_library

if TYPE_CHECKING:
    from pfm_desktop.viewmodels.session import Session

ASKING = tr("Asking the library what it has already ...")
CHOOSE_A_ROW = tr("Choose a row to see what is known of it, and why.")
_LINES = 6  # of the details
_LOW = 450  # pixels; below them the details get two lines, and none while something is asked
_HIGHEST = 16_777_215  # Qt's: no limit


class ImportPreviewView(QWidget):
    """`import_wanted` and `thrown_away` by buttons; `changed` after each change of the plan or of what is chosen."""

    import_wanted = Signal()
    thrown_away = Signal()
    changed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.preview: ImportPreview | None = None
        self._said = ""  # of the whole plan
        self._asking = Background(self)
        self.counts, self.note = words(self, "heading"), words(self, "badge")
        self.tree, self.details = ImportTree(self), words(self)
        self.edit = ImportEdit(session, self)
        self.edit.closed.connect(self.tree.setFocus)
        self.edit.turned.connect(self._share_height)
        self.commands = ImportCommands(self, self.tree, self._slots())
        self.only_open = QCheckBox(plain(self._action("only_open").text()), self)
        self.only_open.toggled.connect(lambda _on: self._show())
        self.throw_away = QPushButton(tr("Throw the plan away"), self)
        self.second = SecondPress(self.throw_away, tr("Throw it away: press again"))
        self.throw_away.clicked.connect(lambda _checked=False: self._throw_away())
        self.buttons: dict[str, QPushButton] = {}
        self._lay_out()
        self.confirming = {
            name: SecondPress(self.buttons[name], tr("Confirm: press again")) for name in ("confirm", "confirm_all")
        }
        self.tree.moved.connect(self._refresh)
        self._show()

    @property
    def idle(self) -> bool:
        """Whether the library has said what it knows of the plan."""
        return not self._asking.busy

    def page_actions(self) -> Sequence[QAction]:
        """Commands of the preview."""
        return tuple(self.commands.actions.values())

    def show_plan(self, preview: ImportPreview | None, note: str = "") -> None:
        """Show another plan, or none."""
        self._asking.drop()
        self.edit.close_it()
        self._forget_presses()
        self.tree.rows.small.forget()
        self.preview = preview
        if preview is not None:
            preview.on_changed.append(self._plan_changed)
        self.only_open.setChecked(False)
        self.say(note)
        self._show()
        self.ask()

    def ask(self) -> None:
        """Ask the library what it has already of the plan as it stands."""
        preview = self.preview
        if preview is None:
            return
        plan = preview.plan

        def heard(says: LibrarySays) -> None:
            preview.library_says(plan, says)

        self._asking.start(ask_library, self._session.library, plan, done=heard, failed=self.say)

    def say(self, note: str) -> None:
        """Say something about the whole plan, until it is changed."""
        self._said = note
        say(self.note, note)

    def take_keys(self) -> None:
        """The tree has the keys."""
        if not self.edit.isVisible():
            self.tree.setFocus()

    def undo(self) -> None:
        """Take the last change of the plan back."""
        if self.preview is not None:
            self.edit.close_it()
            self.preview.undo()

    def redo(self) -> None:
        """Do the change of the plan that was taken back last again."""
        if self.preview is not None:
            self.edit.close_it()
            self.preview.redo()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low window the rows come first."""
        super().resizeEvent(event)
        self._share_height()

    # what is shown

    def _forget_presses(self) -> None:
        for press in (self.second, *self.confirming.values()):
            press.forget()

    def _share_height(self) -> None:
        low, line = self.height() < _LOW, self.fontMetrics().lineSpacing()
        self.details.setMinimumHeight(0 if low else _LINES * line)
        self.details.setMaximumHeight(2 * line if low else _HIGHEST)
        self.details.setVisible(not (low and self.edit.isVisible()))

    def _plan_changed(self) -> None:
        self._forget_presses()
        asks = self.preview is not None and not self.preview.asked
        if asks:
            self._said = ""
        self._show()
        if asks:
            self.ask()

    def _show(self) -> None:
        self.tree.show_plan(self.preview, only_open=self.only_open.isChecked())
        preview = self.preview
        if preview is not None:
            self.counts.setText(counts_text(preview) if preview.asked else f"{counts_text(preview)} - {ASKING}")
            say(self.note, "\n".join(text for text in (self._said, notes_text(preview)) if text))
        self._refresh()

    def _refresh(self) -> None:
        self.commands.refresh(self.preview)
        row = self.tree.current_row()
        self.details.setText(row.details if row is not None else CHOOSE_A_ROW)
        for name, button in self.buttons.items():
            action = self._action(name)
            if name not in self.confirming or not self.confirming[name].asks:
                button.setText(self._words_of(name, action))
            button.setEnabled(action.isEnabled())
            button.setToolTip(f"{plain(action.text())} ({native(action.shortcut().toString())})")
        ready = self.preview.counts().ready if self.preview is not None else 0
        self.buttons["bring_in"].setText(tr("Import {count}", count=ready) if ready else tr("Import"))
        self.only_open.setToolTip(native(self._action("only_open").shortcut().toString()))
        self.changed.emit()

    def _words_of(self, name: str, action: QAction) -> str:
        """What stands on a button; Confirm all says how much it confirms."""
        text = on_button(action.text())
        unsure = unsure_keys(self.preview) if self.preview is not None and name == "confirm_all" else ()
        return titled(text, confirms_text(self.preview, unsure)) if self.preview is not None and unsure else text

    # commands

    def _slots(self) -> dict[str, Callable[[], object]]:
        return {
            "confirm": lambda: self._confirm("confirm", self.tree.chosen_pictures()),
            "confirm_all": lambda: self._confirm("confirm_all", None),
            "stage": self._ask_stage,
            "woman": self._ask_woman,
            "time": self._ask_time,
            "move": lambda: self._with_plan(self.edit.ask_move),
            "pair": self._pair,
            "leave_out": self._leave_out,
            "all_the_same": self._all_the_same,
            "only_open": self.only_open_toggled,
            "bring_in": self.import_wanted.emit,
        }

    def only_open_toggled(self) -> None:
        """The filter goes on or off."""
        self.only_open.setChecked(not self.only_open.isChecked())

    def _action(self, name: str) -> QAction:
        return self.commands.actions[name]

    def _with_plan(self, do: Callable[[ImportPreview, tuple[str, ...]], None]) -> None:
        keys = self.tree.chosen_pictures()
        if self.preview is not None and keys:
            do(self.preview, keys)

    def _confirm(self, name: str, keys: Collection[str] | None) -> None:
        """Asked once more where differently named folders or files would be one woman."""
        if self.preview is None:
            return
        unsure = unsure_keys(self.preview, set(keys) if keys is not None else None)
        doubts, what = confirm_doubts(self.preview, unsure), confirms_text(self.preview, unsure)
        if unsure and self.confirming[name].passes(doubts):
            self.preview.confirm(unsure)
            self.say(tr("Confirmed: {what}. Undo takes it back.", what=what))
        elif unsure:
            self.say(
                "\n".join(
                    [*list(doubts.values())[:NOTES], tr("Press again to confirm {what} all the same.", what=what)]
                )
            )

    def _ask_stage(self) -> None:
        keys = self.tree.chosen_pictures()
        if self.preview is not None and keys:
            settled = {one.key: one.stage.value for one in self.preview.plan.settled()}
            self.edit.ask_stage(self.preview, keys, settled[keys[0]])

    def _ask_woman(self) -> None:
        keys = self.tree.chosen_pictures()
        if self.preview is not None and keys:
            self.edit.ask_woman(self.preview, keys, self.preview.plan.picture(keys[0]).patient.value or "")

    def _ask_time(self) -> None:
        visit = self.tree.chosen_visit()
        if self.preview is not None and visit is not None:
            self.edit.ask_time(self.preview, visit.key)

    def _pair(self) -> None:
        """Two pictures become a pair, or one is none any more."""
        keys = self.tree.chosen_pictures()
        if self.preview is not None and keys:
            try:
                self.preview.pair(keys)
            except BadInputError as error:
                self.say(str(error))

    def _leave_out(self) -> None:
        keys = self.tree.chosen_pictures()
        if self.preview is not None and keys:
            self.preview.leave_out(keys, out=not self.commands.takes_again)

    def _all_the_same(self) -> None:
        """She is confirmed, or pictures are taken that stand elsewhere too."""
        if self.preview is None:
            return
        women, pictures = [row.key for row in self.tree.chosen_rows() if row.held], self.commands.held_pictures
        if women:
            self.preview.confirm_woman(women[0])
        elif pictures:
            self.preview.take_although_elsewhere(pictures)

    def _throw_away(self) -> None:
        """Asked once more where there is something to lose."""
        plan = self.preview.plan if self.preview is not None else None
        if self.second.passes({"plan"} if plan is not None and plan.pictures else ()):
            self.thrown_away.emit()

    # making

    def _lay_out(self) -> None:
        row = FlowRow(self)
        for name in (*(name for name, *_ in ON_ROWS), "confirm_all"):
            self.buttons[name] = self._button(name)
            row.add(self.buttons[name])
        row.add(self.only_open)
        self.details.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        let_copy(self.details)
        self.details.setAccessibleName(tr("What is known of the chosen row"))
        self.buttons["bring_in"] = self._button("bring_in")
        self.buttons["bring_in"].setDefault(True)
        foot = QHBoxLayout()
        foot.addWidget(self.throw_away)
        foot.addStretch(1)
        foot.addWidget(self.buttons["bring_in"])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.counts, self.note, row):
            column.addWidget(widget)
        column.addWidget(self.tree, 1)
        column.addWidget(self.edit)
        column.addWidget(self.details)
        column.addLayout(foot)

    def _button(self, name: str) -> QPushButton:
        button = QPushButton(self)
        button.clicked.connect(self._action(name).trigger)
        if name not in ("confirm_all", "bring_in"):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the rows
        return button
