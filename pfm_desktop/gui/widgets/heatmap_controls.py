"""How the heatmap is laid over the picture. Shown only while there is one that may be shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QFormLayout, QHBoxLayout, QLabel, QWidget

from pfm_desktop.domain.prediction import ATTENTION, ATTENTION_LIMITS, FUSED
from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.flow import FlowRow
from pfm_desktop.gui.widgets.legend import KIND_TITLES, kind_title
from pfm_desktop.gui.widgets.panel_parts import CalmComboBox, CalmSlider, say, words
from pfm_desktop.gui.widgets.stage import StageWidget
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.colour_maps import COLOUR_MAPS
from pfm_desktop.viewmodels.pair_view import PairView, with_heatmap

CLEAR = tr("Attention below this value is left clear.")


class HeatmapControls(QWidget):
    """Follows the stage's view and changes it."""

    def __init__(self, stage: StageWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(ATTENTION)
        self._stage = stage
        self.show_it, self.contour = QCheckBox(tr("Show model attention"), self), QCheckBox(tr("Contour only"), self)
        self.kind, self.colours = CalmComboBox(self), CalmComboBox(self)
        self.opacity, self.threshold = (
            CalmSlider(Qt.Orientation.Horizontal, self),
            CalmSlider(Qt.Orientation.Horizontal, self),
        )
        self._opacity_says, self._threshold_says = QLabel(self), QLabel(self)
        self.shows = words(self)
        self._fill()
        self._lay_out()
        self._connect()
        stage.view_changed.connect(self._follow)
        self.set_kinds(())

    def set_kinds(
        self,
        kinds: Collection[str],
        sources: Sequence[Source] = (),
        shows: str = "",
        words: str = "",
        scale: str = "",
    ) -> None:
        """The heatmaps there are (fused, white, fluorescence); none hides the controls.

        With an answer from one of `sources` alone, its fused heatmap bears that name and is the only one offered.
        `shows` and, in a sentence, `words`: what they show (`Prediction.shows`). `scale`: what 1 means
        (`Heatmap.scale_words`).
        """
        alone = len(sources) == 1 and FUSED in kinds
        kinds = [kind for kind in KIND_TITLES if kind in kinds and (kind == FUSED or not alone)]
        self.setVisible(bool(kinds))
        self._say_what_it_shows(shows, words)
        self.threshold.setToolTip(f"{CLEAR} {scale}".rstrip())
        self.threshold.setAccessibleDescription(scale)
        with QSignalBlocker(self.kind):
            self.kind.clear()
            for kind in kinds:
                self.kind.addItem(kind_title(kind, sources).capitalize(), kind)
        if kinds and self._stage.view.heatmap.kind not in kinds:
            self._change(kind=kinds[0])
        self._follow(self._stage.view)

    def toggle(self) -> None:
        """Show or hide the heatmap; nothing while there is none."""
        if self.kind.count():
            self._change(visible=not self._stage.view.heatmap.visible)

    def _fill(self) -> None:
        for colours in COLOUR_MAPS:
            self.colours.addItem(colours.capitalize(), colours)
        for slider in (self.opacity, self.threshold):
            slider.setRange(0, 100)
        self.opacity.setAccessibleName(tr("Opacity of the model attention"))
        self.threshold.setAccessibleName(tr("Threshold of the model attention"))
        self.kind.setAccessibleName(tr("Model attention of which source"))
        self.colours.setAccessibleName(tr("Colours of the model attention"))

    def _say_what_it_shows(self, shows: str, words: str) -> None:
        """Beside the box, and to a screen reader on it and on the controls as a whole."""
        say(self.shows, tr("Shows {shows}.", shows=shows) if shows else "")  # one line: room is short
        limits = f"{ATTENTION}: {ATTENTION_LIMITS}."
        about = f"{words} {limits}" if words else limits
        self.show_it.setToolTip(about + " " + tr("Hold H on the stage to hide it for a moment"))
        for widget in (self, self.show_it):
            widget.setAccessibleDescription(about)

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(10, 6, 10, 6)
        form.setVerticalSpacing(6)
        top = FlowRow(self)  # in some languages the boxes do not fit beside each other
        top.add(self.show_it, self.contour)
        form.addRow(top)
        form.addRow(self.shows)
        form.addRow(tr("Source"), self.kind)
        for name, slider, says in (
            (tr("Opacity"), self.opacity, self._opacity_says), (tr("Threshold"), self.threshold, self._threshold_says),
        ):  # fmt: skip
            says.setMinimumWidth(says.fontMetrics().horizontalAdvance("100 %"))
            row = QHBoxLayout()
            row.addWidget(slider, 1)
            row.addWidget(says)
            form.addRow(name, row)
        form.addRow(tr("Colours"), self.colours)
        order = (self.show_it, self.contour, self.kind, self.opacity, self.threshold, self.colours)
        for one, next_ in pairwise(order):
            self.setTabOrder(one, next_)

    def _connect(self) -> None:
        self.show_it.toggled.connect(lambda on: self._change(visible=on))
        self.contour.toggled.connect(lambda on: self._change(contour_only=on))
        self.opacity.valueChanged.connect(lambda value: self._change(opacity=value / 100))
        self.threshold.valueChanged.connect(lambda value: self._change(threshold=value / 100))
        self.kind.currentIndexChanged.connect(lambda _index: self._change(kind=str(self.kind.currentData())))
        self.colours.currentIndexChanged.connect(
            lambda _index: self._change(colour_map=str(self.colours.currentData()))
        )

    def _change(self, **changes: object) -> None:
        self._stage.set_view(with_heatmap(self._stage.view, **changes))

    def _follow(self, view: PairView) -> None:
        look = view.heatmap
        widgets = (self.show_it, self.contour, self.opacity, self.threshold, self.kind, self.colours)
        blockers = [QSignalBlocker(widget) for widget in widgets]
        self.show_it.setChecked(look.visible)
        self.contour.setChecked(look.contour_only)
        self.opacity.setValue(round(100 * look.opacity))
        self.threshold.setValue(round(100 * look.threshold))
        self.kind.setCurrentIndex(self.kind.findData(look.kind))
        self.colours.setCurrentIndex(self.colours.findData(look.colour_map))
        self._opacity_says.setText(f"{look.opacity:.0%}".replace("%", " %"))
        self._threshold_says.setText(f"{look.threshold:.2f}")
        for widget in (self.opacity, self.threshold, self.kind, self.colours, self.contour):
            widget.setEnabled(look.visible)
        for widget in (self.opacity, self.colours):  # an outline has neither
            widget.setEnabled(look.visible and not look.contour_only)
        del blockers
