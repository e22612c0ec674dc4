"""Mouse, wheel and drops on the stage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QLineF, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from pfm_desktop.gui.widgets.scene import Marks
from pfm_desktop.gui.widgets.stage_corners import Corners
from pfm_desktop.gui.widgets.stage_marks import PIN_RADIUS, pin_point
from pfm_desktop.gui.widgets.stage_render import curtain_x
from pfm_desktop.viewmodels.arrangement import Pane
from pfm_desktop.viewmodels.drawings import BRUSHES, TOOLS, why_not_here
from pfm_desktop.viewmodels.found import Stroke
from pfm_desktop.viewmodels.pair_view import ZOOM_STEP, Cursor, Mode, set_swipe, within

if TYPE_CHECKING:
    from pfm_desktop.gui.widgets.stage import StageWidget

PICTURE_MIME = "application/x-pfm-picture"  # bytes: the picture's id
STEP, LEAST = 3.0, 4  # stage pixels between points of a stroke; points of the shortest one
LINES, CORNERED = ("cervix", "region", "lesion", "scj"), ("region", "lesion", "scj")  # tools that draw, by corners too
HANDLE_REACH = 9.0  # how near to a corner of what is chosen
GRAB = 14.0  # how near to a pin or the curtain a press takes hold of it


@dataclass
class _Held:
    """From press to release: what is dragged ("", pan, pin, curtain, stroke, corner, handle), the pin or the corner
    that was pressed, and the line that is drawn."""

    start: QPointF
    last: QPointF
    button: Qt.MouseButton
    drag: str = ""
    pin: str = ""
    pin_at: Cursor | None = None
    handle: int | None = None
    handle_at: Cursor | None = None
    stroke: Stroke | None = None


class StageMouse:
    """Turns the mouse into commands and signals."""

    def __init__(self, stage: StageWidget) -> None:
        self._stage = stage
        self._held: _Held | None = None
        self.corners = Corners(stage)

    def handle(self, event: QEvent) -> bool:
        """True for events that are used up here."""
        kind = event.type()
        if isinstance(event, QMouseEvent):
            return self._mouse(event)
        if isinstance(event, QWheelEvent):
            return self._wheel(event)
        if isinstance(event, QNativeGestureEvent):
            return self._pinch(event)
        if isinstance(event, QDragEnterEvent):
            return self._drag_enter(event)
        if isinstance(event, QDropEvent) and kind is QEvent.Type.Drop:
            return self._drop(event)
        if kind is QEvent.Type.Leave:
            self._stage.move_cursor(None)
        return False

    def let_go(self) -> None:
        """Other pictures came: nothing is dragged or drawn any more."""
        self._held = None
        self.corners.give_up()

    def cancel(self) -> bool:
        """Let go; a dragged pin goes back to its place. False when nothing was dragged or drawn."""
        held, self._held = self._held, None
        self._stage.update()
        return self.corners.give_up() or (held is not None and bool(held.drag))

    def drop_stroke(self) -> bool:
        """Let go of the line that is being drawn; False when none is. Corners that were clicked stay."""
        if self._held is None or (self._held.stroke is None and self._held.handle is None):
            return False
        self._held = None
        self._stage.update()
        return True

    def show_pointer(self, *, over_pin: bool = False) -> None:
        """The mouse pointer of the tool; over a pin that the pan tool would move, another one."""
        shape = Qt.CursorShape.OpenHandCursor if self._stage.tool == "pan" else Qt.CursorShape.CrossCursor
        if over_pin and self._stage.tool == "pan" and self._stage.pins_move:
            shape = Qt.CursorShape.PointingHandCursor
        if self._stage.cursor().shape() is not shape:
            self._stage.setCursor(shape)

    def marks_while_dragging(self, marks: Marks) -> Marks:
        """The marks with the dragged pin where the mouse holds it."""
        if self._held is None or self._held.pin_at is None:
            return marks
        spot, dragged = self._held.pin_at, self._held.pin
        pins = [replace(p, frame=spot.frame, x=spot.x, y=spot.y) if p.id == dragged else p for p in marks.pins]
        held = Marks(tuple(pins), marks.os_mark, marks.selected, marks.suggested)
        held.place(self._stage.registration)
        return held

    @property
    def stroke(self) -> Stroke | None:
        """The line that is being drawn."""
        held = self._held
        if held is not None and held.handle is not None and held.handle_at is not None:
            return self._stage.draw.with_corner(held.handle, held.handle_at)
        return (None if held is None else held.stroke) or self.corners.line

    # ---- buttons

    def _mouse(self, event: QMouseEvent) -> bool:
        kind = event.type()
        if kind is QEvent.Type.MouseButtonPress:
            return self._press(event)
        if kind is QEvent.Type.MouseMove:
            if self._held is not None and not event.buttons() & self._held.button:
                self._held = None  # it was let go where no release reached the stage
            self._move(event.position())
            return True
        if kind is QEvent.Type.MouseButtonRelease:
            return self._release(event)
        if kind is QEvent.Type.MouseButtonDblClick:
            if self._stage.tool != "pan" or event.button() is not Qt.MouseButton.LeftButton:
                return self._press(event, again=True)  # two quick pins are two pins
            self._stage.commands.fit()
            return True
        return False

    def _press(self, event: QMouseEvent, *, again: bool = False) -> bool:
        at = event.position()
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return False
        if self._held is not None and event.button() is not self._held.button:
            return True  # a second button while one drags
        if event.button() is Qt.MouseButton.MiddleButton:
            self._held = _Held(at, at, event.button(), drag="pan")
            return True
        self._stage.setFocus(Qt.FocusReason.MouseFocusReason)  # Qt's own comes after the press
        self._held = _Held(at, at, event.button())
        pane = self._stage.arrangement.pane_at(at.x(), at.y())
        if pane is None:
            return True
        if self._near_curtain(pane, at):
            self._held.drag = "curtain"
        elif self._stage.tool in LINES or self._stage.tool in BRUSHES:
            self._begin_line(self._held, pane, at, again=again)
        elif self._stage.tool != "os" and (pin := self._pin_near(pane, at)):
            self._held.pin = pin
            if self._stage.pins_move:  # else it is chosen once it is clear that the pictures are not panned by it
                self._stage.commands.choose_pin(pin)
        elif self._stage.tool == "pan":
            self._held.handle = self._stage.draw.corner_near(pane, at.x(), at.y(), HANDLE_REACH)
        return True

    def _begin_line(self, held: _Held, pane: Pane, at: QPointF, *, again: bool) -> None:
        """A stroke, or one more corner where some were clicked already; after one only it may become either."""
        spot = self._spot_in(pane, at)
        if spot is None or self.declines(pane):
            return
        tool = self._stage.tool
        if tool in BRUSHES:
            radius = self._stage.draw.brush_radius(spot.frame)
            line = Stroke(spot.frame, ((spot.x, spot.y),), radius=radius, erases=tool == "eraser")
            held.drag, held.stroke = "stroke", line
            self._stage.update()
        elif len(self.corners) > 1:
            held.drag = "corner"
            self.corners.click(pane, spot, at, again=again)
        else:
            held.drag, held.stroke = "stroke", Stroke(spot.frame, ((spot.x, spot.y),), open=tool == "scj")

    def declines(self, pane: Pane) -> bool:
        """Whether nothing can be drawn in a pane; it is said why."""
        words = why_not_here(pane.frame, pane.sources, self._stage.registration)
        if words and self._stage.tool in TOOLS:
            self._stage.declined.emit(words)
            return True
        return False

    def _move(self, at: QPointF) -> None:
        held = self._held
        if held is not None:
            far = (at - held.start).manhattanLength() >= QApplication.startDragDistance()
            if not held.drag and far:
                taken = "pin" if held.pin and self._stage.pins_move else "pan"
                held.drag = "handle" if held.handle is not None else taken
            self._drag_to(held, at)
        self._hover(at)

    def _drag_to(self, held: _Held, at: QPointF) -> None:
        arrangement = self._stage.arrangement
        if held.drag == "pan":
            self._stage.commands.pan(at.x() - held.last.x(), at.y() - held.last.y())
        elif held.drag == "curtain":
            lens = arrangement.panes[0].lens
            self._stage.set_view(set_swipe(self._stage.view, (at.x() - lens.left) / lens.width))
        elif held.drag == "pin":
            spot = self._spot(at)
            held.pin_at = spot or held.pin_at
            self._stage.update()
        elif held.drag == "handle":
            held.handle_at = self._spot(at) or held.handle_at
            self._stage.update()
        elif held.drag == "stroke":
            self._draw_on(held, at)
        if held.drag and held.drag != "stroke":
            held.last = at

    def _draw_on(self, held: _Held, at: QPointF) -> None:
        """Along the edge of the picture where the mouse leaves it; hardly moved is not moved."""
        if held.stroke is None or (at - held.last).manhattanLength() < STEP:
            return
        start = held.start
        pane = next((one for one in self._stage.arrangement.panes if one.lens.contains(start.x(), start.y())), None)
        size = None if pane is None else self._stage.shown.size(pane.frame)
        if pane is None or size is None or pane.frame is not held.stroke.frame:
            self._held = None  # the pictures were registered meanwhile, or another way of looking was chosen
            self._stage.update()
            return
        x, y = pane.lens.to_picture(at.x(), at.y())
        spot = min(max(x, 0.0), size[0] - 1), min(max(y, 0.0), size[1] - 1)
        held.stroke, held.last = replace(held.stroke, points=(*held.stroke.points, spot)), at
        self._stage.update()

    def _release(self, event: QMouseEvent) -> bool:
        held = self._held
        if held is None or event.button() is not held.button:
            return False
        self._held = None
        if held.stroke is not None:
            self._end_stroke(held.stroke, held.start)
        elif held.handle is not None and held.handle_at is not None:
            self._stage.draw.put_corner(held.handle, held.handle_at)
        elif held.pin_at is not None:
            self._stage.commands.put_pin(held.pin, held.pin_at)
        elif not held.drag and held.pin and not self._stage.pins_move:
            self._stage.commands.choose_pin(held.pin)
        elif not held.drag and not held.pin and (spot := self._spot(event.position())):
            self._stage.commands.use_tool(spot.frame, spot.x, spot.y)
        self._stage.update()
        return True

    def _end_stroke(self, stroke: Stroke, start: QPointF) -> None:
        """A click is no line: with most tools it is the first corner, with a brush a dab, around the cervix nothing."""
        pane = self._stage.arrangement.pane_at(start.x(), start.y())
        if len(stroke.points) >= LEAST or stroke.radius:
            self.corners.give_up()
            self._stage.draw.emit(stroke)
        elif self._stage.tool in CORNERED and pane is not None and (spot := self._spot_in(pane, start)) is not None:
            self.corners.click(pane, spot, start)

    # ---- moving over

    def _wheel(self, event: QWheelEvent) -> bool:
        turn = event.angleDelta().y()
        if turn and event.phase() is not Qt.ScrollPhase.ScrollMomentum:  # a touchpad's zoom ends with the fingers
            self._stage.commands.zoom(ZOOM_STEP ** (turn / 120), event.position())
        return True

    def _pinch(self, event: QNativeGestureEvent) -> bool:
        if event.gestureType() is not Qt.NativeGestureType.ZoomNativeGesture:
            return False
        self._stage.commands.zoom(max(0.2, 1 + event.value()), event.position())
        return True

    def _hover(self, at: QPointF) -> None:
        pane = self._stage.arrangement.pane_at(at.x(), at.y())
        spot = self._spot_in(pane, at)
        self._stage.move_cursor(spot, over=pane.sources[0] if pane is not None and spot is not None else None)
        if len(self.corners):
            self._stage.update()  # the line to the mouse
        if self._held is None:
            self.show_pointer(over_pin=pane is not None and bool(self._pin_near(pane, at)))

    # ---- drops

    def _drag_enter(self, event: QDragEnterEvent) -> bool:
        if not event.mimeData().hasFormat(PICTURE_MIME):
            event.ignore()  # files go on to the page
            return False
        event.acceptProposedAction()
        return True

    def _drop(self, event: QDropEvent) -> bool:
        data, at = event.mimeData(), event.position()
        if not data.hasFormat(PICTURE_MIME):
            return False
        pane = next((p for p in self._stage.arrangement.panes if p.lens.contains(at.x(), at.y())), None)
        self._stage.picture_dropped.emit(
            bytes(data.data(PICTURE_MIME).data()).decode(), None if pane is None else pane.sources[0]
        )
        event.acceptProposedAction()
        return True

    # ---- where things are

    def _spot(self, at: QPointF) -> Cursor | None:
        """The picture point under a stage point; None beside the pictures."""
        return self._spot_in(self._stage.arrangement.pane_at(at.x(), at.y()), at)

    def _spot_in(self, pane: Pane | None, at: QPointF) -> Cursor | None:
        size = None if pane is None else self._stage.shown.size(pane.frame)
        if pane is None or size is None:
            return None
        x, y = pane.lens.to_picture(at.x(), at.y())
        return Cursor(pane.frame, x, y) if within((x, y), size) else None

    def _pin_near(self, pane: Pane, at: QPointF) -> str:
        """The pin that a press takes hold of: near it, or with the pan tool, which mostly pans, on its ring."""
        reach = GRAB if self._stage.tool != "pan" else PIN_RADIUS + 2
        pins = self._stage.marks.pins_in(pane.frame)
        near = [(QLineF(pin_point(pane, pin), at).length(), pin.id) for pin in pins]
        distance, pin_id = min(near, default=(reach, ""))
        return pin_id if distance < reach else ""

    def _near_curtain(self, pane: Pane, at: QPointF) -> bool:
        if self._stage.arrangement.mode is not Mode.SWIPE or abs(curtain_x(self._stage.view, pane) - at.x()) >= GRAB:
            return False
        # with a marking tool only the handle is for the hand: a pin can be placed on tissue under the line
        return self._stage.tool == "pan" or abs(pane.lens.middle[1] - at.y()) < GRAB
