"""The slim bar above the stage: how the pair is looked at, what a click does, how well the pictures are registered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QMargins, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QLabel, QMenu, QSlider, QToolButton, QWidget

from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.flow import FlowRow
from pfm_desktop.gui.widgets.registration_chip import RegistrationChip
from pfm_desktop.gui.widgets.stage import TOOL_WORDS, StageWidget, Tool
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled
from pfm_desktop.viewmodels.arrangement import SHORT as SHORT_TITLES
from pfm_desktop.viewmodels.pair_view import FLICK_LIMIT, MODES, Mode, PairView, set_opacity
from pfm_desktop.viewmodels.review import ChipState

if TYPE_CHECKING:
    from pfm_desktop.gui.widgets.look_panel import LookPanel

TOOLS = (
    (Tool.PAN, "V", tr("Drag the pictures, or a pin to move it")),
    (Tool.PIN, "P", tr("Click to place a biopsy pin, drag one to move it")),
    (Tool.OS, "O", tr("Click the external os: the centre of the clock")),
    (Tool.CERVIX, "C", tr("Draw around the cervix in one stroke, where it was not found right; Q shows it")),
)
DRAW = (Tool.LESION, Tool.BRUSH, Tool.ERASER, Tool.SCJ)  # behind one button
DRAW_TIP = tr("Draw contours of the chosen lesion (D: outline, B: brush, E: eraser) and the SCJ line (J)")
SHORT = {Mode.SIDE_BY_SIDE: tr("Sides"), Mode.CHECKERBOARD: tr("Checker")}  # where all captions need a row of their own
FIT_TIP = tr("The whole picture (F)")
LOOK_TIP = tr("Brightness, contrast and filter of each picture, for looking only (Ctrl+B); G: green filter")
NARROW_EMS = 50  # below this width all words would take three rows
SLIDER, SLIDER_SLIM = 110, 80  # pixels
OPACITY = tr("Opacity of the fluorescence picture")
HOLD = tr("Hold L: loupe, H: no attention")


class StageBar(FlowRow):
    """Follows the stage's view and tool, and changes them. `tool_chosen` asks the page, which may say no."""

    tool_chosen = Signal(str)

    def __init__(self, stage: StageWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent, gap=12, margins=QMargins(6, 4, 6, 4))
        self._slim = False
        self.setObjectName("stage_bar")
        self.setAccessibleName(tr("Stage tools"))
        self._stage = stage
        self.modes = self._group([(m.value, m.caption, _mode_tip(m)) for m in MODES], tr("Mode"))
        self.modes[Mode.FLICKER.value].setAccessibleDescription(FLICK_LIMIT)
        self.tools = self._group(
            [(tool.value, TOOL_WORDS[tool], f"{words} ({key})") for tool, key, words in TOOLS], tr("Tool")
        )
        self.draw = self._draw_button()
        self.fit = self._button(tr("Fit"), FIT_TIP, stage.commands.fit)
        self.one_to_one = self._button("1:1", tr("One picture pixel a screen pixel (Z)"), stage.commands.one_to_one)
        self.look = self._button(tr("Display"), LOOK_TIP, self.open_look)
        self._panel: LookPanel | None = None
        self.opacity = QSlider(Qt.Orientation.Horizontal, self)
        self.chip = RegistrationChip(self)
        self.hint = QLabel(HOLD, self)
        self.hint.setProperty("role", "quiet")
        self._blend_ends = (QLabel(tr("White", "light"), self), QLabel(tr("Fluor."), self))
        self._blend = self._blend_box()
        self.setStyleSheet("#stage_bar QToolButton { padding: 3px 8px; }")  # slim: the height belongs to the pictures
        self.add(
            _box(list(self.modes.values())), self._blend, _box([*self.tools.values(), self.draw]),
            _box([self.fit, self.one_to_one, self.look]), self.chip, self.hint,
        )  # fmt: skip
        stage.view_changed.connect(self._follow)
        stage.tool_changed.connect(self._follow_tool)
        stage.aligned.connect(lambda _done: self.follow())
        self._follow(stage.view)
        self._follow_tool(stage.tool)

    def show_chip(self, state: ChipState) -> None:
        """The registration of the pair on the stage."""
        self.chip.setVisible(state.visible)
        if state.pending:
            self.chip.set_pending()
        else:
            self.chip.set_summary(state.summary)

    def follow(self) -> None:
        """Other pictures, or another registration: what is shown may be another mode than the one asked for."""
        shown = self._stage.shown
        own = shown.captions.of if shown.captions is not None else {}
        alone = shown.captions is not None and shown.captions.alone
        for button in self.modes.values():
            button.setEnabled(not alone)  # one picture is looked at in one way
        self._blend_ends[0].setText((own[Source.WHITE].short if Source.WHITE in own else "") or tr("White", "light"))
        other = own.get(Source.FLUORESCENCE)
        self._blend_ends[1].setText(SHORT_TITLES[shown.second] if other is None else other.short)
        self.opacity.setAccessibleName(
            OPACITY if other is None else tr("Opacity of the {what} picture", what=other.short.lower())
        )
        if self._panel is not None:
            self._panel.follow()
        self._follow(self._stage.view)

    def allow_marks(self, why_not: str) -> None:
        """Switch the marking tools on, or off with the reason why."""
        for tool, key, words in TOOLS[1:]:
            button = self.tools[tool.value]
            button.setEnabled(not why_not)
            button.setToolTip(why_not or f"{words} ({key})")
            button.setAccessibleDescription(why_not or words)
        self.draw.setEnabled(not why_not)
        self.draw.setToolTip(why_not or DRAW_TIP)
        self.draw.setAccessibleDescription(why_not or DRAW_TIP)

    def offer_drawing(self, actions: Sequence[QAction]) -> None:
        """The commands behind the button "Draw"."""
        self.draw.setMenu(menu := QMenu(self.draw))
        menu.setAccessibleName(tr("Draw"))
        menu.addActions(list(actions))

    def open_look(self) -> None:
        """Brightness, contrast and filter, below their button."""
        from pfm_desktop.gui.widgets.look_panel import LookPanel

        if not self._stage.arrangement.panes:
            return
        if self._panel is None:
            page = self.parentWidget()
            assert page is not None, "the bar stands on a page"
            self._panel = LookPanel(self._stage, page)
        self._panel.toggle(self.one_to_one if self.look.isHidden() else self.look)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where the bar is narrow its words are short, and the pictures have a row more; tooltips keep all words."""
        slim = self.width() < NARROW_EMS * self.fontMetrics().horizontalAdvance("m")
        if slim != self._slim:
            self._show_words(slim=slim)
        super().resizeEvent(event)

    def _show_words(self, *, slim: bool) -> None:
        self._slim = slim
        for mode, words in SHORT.items():
            self.modes[mode.value].setText(words if slim else mode.caption)
        self.tools[Tool.CERVIX.value].setHidden(slim)  # it stands behind Draw as well
        self.look.setHidden(slim)  # it stands in the menu of the page as well
        self._follow_tool(self._stage.tool)
        self.opacity.setFixedWidth(SLIDER_SLIM if slim else SLIDER)
        for end in (*self._blend_ends, self.hint):
            end.setHidden(slim)
        self.fit.setToolTip(f"{FIT_TIP}. {HOLD}" if slim else FIT_TIP)

    def _group(self, entries: Sequence[tuple[str, str, str]], name: str) -> dict[str, QToolButton]:
        group = self._tool_group = QButtonGroup(self)  # of the tools, which come last
        buttons = {}
        for value, text, tip in entries:
            button = self._button(text, tip, None)
            button.setCheckable(True)
            button.setAccessibleName(titled(name, text))
            button.setProperty("value", value)
            group.addButton(button)
            buttons[value] = button
        group.buttonClicked.connect(self._chosen)
        return buttons

    def _button(self, text: str, tip: str, slot: Callable[[], None] | None) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the stage
        if slot is not None:
            button.clicked.connect(slot)
        return button

    def _draw_button(self) -> QToolButton:
        button = self._button(tr("Draw"), DRAW_TIP, None)
        button.setCheckable(True)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setAccessibleName(tr("Tool: draw"))
        widest = max(
            button.fontMetrics().horizontalAdvance(words)
            for words in (tr("Draw"), *(TOOL_WORDS[tool] for tool in DRAW))
        )
        button.setMinimumWidth(widest + 34)  # nothing moves when its words change
        self._tool_group.addButton(button)
        return button

    def _blend_box(self) -> QWidget:
        self.opacity.setRange(0, 100)
        self.opacity.setFixedWidth(SLIDER)
        self.opacity.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.opacity.setAccessibleName(OPACITY)
        self.opacity.setToolTip(tr("Blend: white light on the left, fluorescence on the right ([ and ])"))
        self.opacity.valueChanged.connect(
            lambda value: self._stage.set_view(set_opacity(self._stage.view, value / 100))
        )
        white, fluorescence = self._blend_ends
        return _box([white, self.opacity, fluorescence], gap=6)

    def _chosen(self, button: QAbstractButton) -> None:
        value = str(button.property("value"))
        if value in self.modes:
            self._stage.commands.set_mode(Mode(value))
            self.follow()  # also where the stage stays as it was: the click has marked the button
        else:
            self.tool_chosen.emit(value)
            self._follow_tool(self._stage.tool)

    def _follow(self, view: PairView) -> None:
        shown = self._stage.arrangement.mode  # blend and its kin wait, side by side, for a registration
        self.modes[shown.value].setChecked(True)
        self._blend.setEnabled(shown is Mode.BLEND)  # not hidden: the pictures would jump between modes
        with QSignalBlocker(self.opacity):
            self.opacity.setValue(round(100 * view.opacity))

    def _follow_tool(self, tool: str) -> None:
        behind = (*DRAW, Tool.CERVIX) if self._slim else DRAW
        drawing = TOOL_WORDS[Tool(tool)] if tool in behind else ""
        self.draw.setText(drawing or tr("Draw"))
        self.draw.setAccessibleName(tr("Tool: draw, {drawing}", drawing=drawing) if drawing else tr("Tool: draw"))
        (self.draw if drawing else self.tools[tool]).setChecked(True)


def _mode_tip(mode: Mode) -> str:
    tip = f"{mode.caption} ({mode.key})"
    return titled(tip, FLICK_LIMIT) if mode is Mode.FLICKER else tip


def _box(widgets: Sequence[QWidget], *, gap: int = 2) -> QWidget:
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(gap)
    for widget in widgets:
        row.addWidget(widget)
    return box
