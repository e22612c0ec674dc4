"""What keys, buttons and menu actions do on the stage."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from pfm_desktop.domain.source import Source
from pfm_desktop.viewmodels.arrangement import Pane
from pfm_desktop.viewmodels.display_look import as_taken, green_toggled
from pfm_desktop.viewmodels.drawings import TOOLS
from pfm_desktop.viewmodels.marks import mapped
from pfm_desktop.viewmodels.pair_view import (
    FLICK_S,
    Cursor,
    Mode,
    Size,
    fitted,
    flicked,
    panned,
    set_mode,
    set_opacity,
    set_swipe,
    within,
    zoomed,
    zoomed_to,
)

if TYPE_CHECKING:
    from pfm_desktop.gui.widgets.stage import StageWidget
    from pfm_desktop.gui.widgets.stage_mouse import StageMouse


class StageCommands:
    """Each command works on the stage as it is shown now, and does nothing where there is nothing to do."""

    def __init__(self, stage: StageWidget, mouse: StageMouse) -> None:
        self._stage, self._mouse = stage, mouse
        self.cancel_drag = mouse.cancel  # whatever is dragged or drawn is let go of, and nothing comes of it
        self.drop_stroke = mouse.drop_stroke  # the same, of a line that is being drawn
        self.corners = mouse.corners  # of a lesion, clicked one after the other
        self.clock: Callable[[], float] = time.monotonic
        self._flicked = -math.inf
        self.heatmap_held_off = False
        self.loupe_held = False
        self.cervix_shown = False  # whether its outline is drawn; what is wrong with a picture always is

    @property
    def drawing(self) -> bool:
        """Whether a line is being drawn."""
        return self._mouse.stroke is not None

    # ---- looking

    def set_mode(self, mode: Mode) -> None:
        """Side by side, blend, ..."""
        self._stage.set_view(set_mode(self._stage.view, mode))

    def toggle_green(self) -> None:
        """White light through a green filter, or as taken again."""
        if self._stage.shown.size(Source.WHITE) is not None:
            self._stage.set_view(green_toggled(self._stage.view))

    def show_as_taken(self) -> None:
        """No filter, and brightness as it was taken."""
        self._stage.set_view(as_taken(self._stage.view))

    def fit(self) -> None:
        """The whole picture."""
        self._stage.set_view(fitted(self._stage.view))

    def one_to_one(self) -> None:
        """One picture pixel a screen pixel."""
        pane = self.reference_pane()
        if pane is not None:
            scale = 1.0 / self._stage.devicePixelRatioF()
            self._stage.set_view(zoomed_to(self._stage.view, pane.lens, self.size(), scale))

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom about a stage point, or about the middle of the pane."""
        pane = self.reference_pane()
        if pane is None:
            return
        spot = pane.lens.middle
        over = None if at is None else self._stage.arrangement.pane_at(at.x(), at.y())
        if at is not None and over is not None:
            # the same place of the pane that the view speaks of: both panes zoom about the same tissue
            there, here = over.lens.middle, pane.lens.middle
            spot = (at.x() - there[0] + here[0], at.y() - there[1] + here[1])
        self._stage.set_view(zoomed(self._stage.view, pane.lens, self.size(), factor, spot))

    def pan(self, dx: float, dy: float) -> None:
        """Move the pictures by stage pixels."""
        pane = self.reference_pane()
        if pane is not None:
            self._stage.set_view(panned(self._stage.view, pane.lens, self.size(), dx, dy))

    def flick(self) -> None:
        """Flicker: the other picture, no faster than `FLICK_S` however fast the key is pressed; from another mode,
        begin to flicker."""
        view = self._stage.view
        if view.mode is not Mode.FLICKER:
            self._stage.set_view(set_mode(view, Mode.FLICKER))
        elif self.clock() - self._flicked >= FLICK_S:
            self._flicked = self.clock()
            self._stage.set_view(flicked(view))

    def slide(self, step: float) -> None:
        """Move the opacity of blend, or the curtain of swipe."""
        view = self._stage.view
        if view.mode is Mode.BLEND:
            self._stage.set_view(set_opacity(view, view.opacity + step))
        elif view.mode is Mode.SWIPE:
            self._stage.set_view(set_swipe(view, view.swipe + step))

    def show_cervix(self, shown: bool) -> None:
        """Draw the outline of the cervix as it was found or drawn, or not."""
        self.cervix_shown = shown
        self._stage.update()

    def hold_heatmap_off(self, held: bool) -> None:
        """Hide the heatmap while held."""
        self.heatmap_held_off = held
        self._stage.update()

    def hold_loupe(self, held: bool) -> None:
        """Show the loupe while held."""
        self.loupe_held = held
        if held and self._stage.view.cursor is None:
            self.move_cursor(0, 0)
        self._stage.update()

    def let_go(self) -> None:
        """Nothing is held any more: a key released in another window must not leave the heatmap hidden."""
        self.heatmap_held_off = self.loupe_held = False
        self._stage.update()

    # ---- marking

    def move_cursor(self, dx: float, dy: float) -> None:
        """Move the cursor by stage pixels; brings it to the middle where there is none."""
        pane, cursor = self.reference_pane(), self._stage.view.cursor
        if pane is None:
            return
        if cursor is None or cursor.frame is not pane.frame:
            x, y = pane.lens.to_picture(*pane.lens.middle)
        else:
            x, y = cursor.x + dx / pane.lens.zoom, cursor.y + dy / pane.lens.zoom
        width, height = self.size()
        self._stage.move_cursor(Cursor(pane.frame, min(max(x, 0.0), width - 1), min(max(y, 0.0), height - 1)))

    def use_tool(self, frame: Source, x: float, y: float) -> None:
        """Ask for a pin or the os there, by the tool in hand; with the pan tool what is drawn there is chosen."""
        if self._stage.tool == "pin":
            self._stage.pin_requested.emit(frame, x, y)
        elif self._stage.tool == "os":
            self._stage.os_marked.emit(frame, x, y)
        elif self._stage.tool == "pan":
            self._stage.draw.choose_at(frame, x, y)

    def use_tool_at_cursor(self) -> None:
        """The same, where the cursor is; corners that were clicked are closed, or one more is set of too few."""
        if self.corners.close():
            return
        cursor = self._stage.view.cursor
        if cursor is None:
            self.move_cursor(0, 0)
        elif self._stage.tool in TOOLS:
            self._stage.draw.at_cursor()
        else:
            self.use_tool(cursor.frame, cursor.x, cursor.y)

    def choose_pin(self, pin_id: str) -> None:
        """Choose a pin and say so."""
        self._stage.draw.choose("")
        self._stage.select_pin(pin_id)
        self._stage.pin_selected.emit(pin_id)

    def step_pin(self, step: int) -> None:
        """Choose the next pin (1) or the one before (-1); after the last one what is drawn."""
        pins, drawings = [pin.id for pin in self._stage.marks.pins], self._stage.drawings
        ids = [*pins, *(one.id for one in drawings.given if not drawings.hidden)]
        if not ids:
            return
        chosen = self._stage.marks.selected or drawings.selected
        index = (ids.index(chosen) + step) % len(ids) if chosen in ids else min(0, step)
        if index % len(ids) < len(pins):
            self.choose_pin(ids[index])
        else:
            self._stage.draw.choose(ids[index])

    def move_pin(self, dx: float, dy: float) -> None:
        """Ask to move the chosen pin by stage pixels."""
        chosen = self._stage.marks.selected
        for pane in self._stage.arrangement.panes:
            pin = next((pin for pin in self._stage.marks.pins_in(pane.frame) if pin.id == chosen), None)
            if pin is not None and not pane.absent:
                self.put_pin(chosen, Cursor(pane.frame, pin.x + dx / pane.lens.zoom, pin.y + dy / pane.lens.zoom))
                return

    def put_pin(self, pin_id: str, spot: Cursor) -> None:
        """Ask to move a pin to the tissue at `spot`; not off the picture that it was placed on."""
        own = next((pin.frame for pin in self._stage.marks.pins if pin.id == pin_id), None)
        size = None if own is None else self._stage.shown.size(own)
        if own is None or size is None:
            return
        moved = mapped(spot.x, spot.y, spot.frame, own, self._stage.registration)
        if moved is not None and within(moved, size):
            self._stage.pin_moved.emit(pin_id, *moved)

    def remove_pin(self) -> None:
        """Ask to remove the chosen pin."""
        if self._stage.marks.selected:
            self._stage.pin_removed.emit(self._stage.marks.selected)

    # ---- where things are

    def reference_pane(self) -> Pane | None:
        """The first pane that shows the frame in which the view speaks."""
        reference = self._stage.shown.reference
        return next((p for p in self._stage.arrangement.panes if not p.absent and p.frame is reference), None)

    def size(self) -> Size:
        """Size of the picture in whose frame the view speaks."""
        shown = self._stage.shown
        return shown.size(shown.reference) or (1.0, 1.0)
