"""One picture of the sheet, large: boxes are drawn on it that will be black, by mouse or by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.export_sheet import WORDS_INK
from pfm_desktop.gui.widgets.ink import SURROUND_COLOUR
from pfm_desktop.gui.widgets.pyramid import rgb_image
from pfm_desktop.services import cases
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.export_sheet import Box, Sheet, SheetPicture
from pfm_desktop.viewmodels.export_words import words_at

if TYPE_CHECKING:
    from pfm_desktop.jobs import Context
    from pfm_desktop.storage.library import Library

LONGEST = 4096  # pixels of the longer side that is asked for at least
_STEP, _FAR = 8, 48  # screen pixels that an arrow moves the cross; with Shift
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_INK, _SHADOW = QColor("#FFE08A"), QColor("#000000")

LEAST_DRAG = 3.0  # screen pixels


class BoxView(QWidget):
    """`changed` when a box came or went, or more was seen; `closed` on Escape; `step(+1 | -1)` to another one,
    `next_picture` to the next one with words found.

    All of the picture is shown, or its own pixels one to one around the cross.
    """

    changed = Signal()
    closed = Signal()
    step = Signal(int)
    next_picture = Signal()

    def __init__(self, library: Library, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._work = Background(self)
        self.sheet, self.picture = Sheet(()), SheetPicture("", 1, 1, "")
        self._image: QImage | None = None
        self.problem = ""
        self.cross = QPointF(0, 0)  # in pixels of the picture
        self._from: QPointF | None = None  # the first corner, while a box is drawn
        self._by_keys = False
        self.close_up = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 80)
        self.setAccessibleName(tr("One picture, to draw boxes that will be black"))
        self.setAccessibleDescription(
            tr(
                "Drag to draw a box. Or arrows move the cross, Space sets one corner and then the other, Delete takes "
                "the last box away, W goes to words that were found, where Delete lays them bare and Control Z covers "
                "them again, N shows the next picture with words, Z shows one to one, Page Down shows the next "
                "picture, Escape goes back."
            )
        )

    @property
    def idle(self) -> bool:
        """Whether the picture is there."""
        return not self._work.busy

    def show_picture(self, sheet: Sheet, picture: SheetPicture) -> None:
        """Load a picture and show it."""
        self.sheet, self.picture = sheet, picture
        self._image, self._from, self.problem = None, None, ""
        self.cross = QPointF(picture.width / 2, picture.height / 2)
        self._work.start(large_image, self._library, picture.id, done=self._came, failed=self._failed)
        self.update()

    def leave(self) -> None:
        """The picture goes out of memory."""
        self._work.drop()
        self._image = self._from = None

    def zoom(self) -> None:
        """All of it, or one to one."""
        self.close_up = not self.close_up
        self._seen()
        self.update()

    def take_box(self) -> None:
        """Take a box away: one that is only begun, the words found in which the cross is, or the last one drawn."""
        if self._from is not None:
            self._from = None
        elif self._take_words() or self.sheet.take_box(self.picture.id):
            self._seen()
        self.update()

    def put_words_back(self) -> None:
        """Cover again what was found and laid bare last."""
        if self.sheet.put_words_back(self.picture.id):
            self.changed.emit()
        self.update()

    def next_words(self) -> None:
        """The cross goes into the next box of words found."""
        found = self.sheet.words.get(self.picture.id, ())
        if found and self._from is None:
            at = words_at(self.sheet, self.picture.id, self.cross.x(), self.cross.y())
            left, top, right, bottom = found[0 if at is None else (at + 1) % len(found)]
            self._move_cross(QPointF((left + right) / 2, (top + bottom) / 2))

    def _take_words(self) -> bool:
        """Lay bare the words found in which the cross is."""
        number = words_at(self.sheet, self.picture.id, self.cross.x(), self.cross.y())
        if number is not None:
            self.sheet.take_words(self.picture.id, number)
        return number is not None

    def sizeHint(self) -> QSize:
        """See Qt."""
        return QSize(640, 480)

    # keys and mouse

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See the class."""
        key = event.key()
        if key in _ARROWS:
            far = _FAR if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else _STEP
            dx, dy = _ARROWS[Qt.Key(key)]
            self._move_cross(self.cross + QPointF(dx, dy) * (far / self._scale()))
        elif key == Qt.Key.Key_Space:
            self._corner()
        elif event.matches(QKeySequence.StandardKey.Delete) or key == Qt.Key.Key_Backspace:
            self.take_box()
        elif event.matches(QKeySequence.StandardKey.Undo):
            self.put_words_back()
        elif key == Qt.Key.Key_W:
            self.next_words()
        elif key == Qt.Key.Key_N:
            self.next_picture.emit()
        elif key == Qt.Key.Key_Z:
            self.zoom()
        elif key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            self.step.emit(1 if key == Qt.Key.Key_PageDown else -1)
        elif key == Qt.Key.Key_Escape and self._from is not None:
            self._from = None
            self.update()
        elif key == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A box begins."""
        if event.button() is Qt.MouseButton.LeftButton and self._image is not None:
            self._by_keys = False
            self._from = self._to_picture(event.position())
            if not self.close_up:
                self.cross = self._from
            self._other = self._from
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A box is drawn."""
        if self._from is not None and not self._by_keys:
            self._other = self._to_picture(event.position())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The box is done."""
        if event.button() is Qt.MouseButton.LeftButton and self._from is not None and not self._by_keys:
            self._finish(self._to_picture(event.position()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """One to one, the wheel moves the picture."""
        if self.close_up and self._from is None:
            turned = event.angleDelta() / 2
            self._move_cross(self.cross - QPointF(turned) / self._scale())
        event.accept()

    def _move_cross(self, to: QPointF) -> None:
        self.cross = QPointF(
            min(max(to.x(), 0.0), float(self.picture.width)), min(max(to.y(), 0.0), float(self.picture.height))
        )
        self.update()

    def _corner(self) -> None:
        if self._image is None:
            return
        if self._from is None:
            self._from, self._by_keys = self.cross, True
            self.update()
        elif self._by_keys:
            self._finish(self.cross)

    def _finish(self, end: QPointF) -> None:
        begin, self._from = self._from, None
        if begin == end and words_at(self.sheet, self.picture.id, end.x(), end.y()) is not None:
            self.cross = end  # a click into words that were found: these are meant
        elif begin is not None and not self._by_keys and self._slip(begin, end):
            self.cross = end  # a click without a drag is no box
        elif begin is not None and self.sheet.add_box(self.picture, _box(begin, end)):
            self.changed.emit()
        self.update()

    def _slip(self, begin: QPointF, end: QPointF) -> bool:
        drawn = (end - begin) * self._scale()
        return max(abs(drawn.x()), abs(drawn.y())) < LEAST_DRAG

    # drawing

    def _scale(self) -> float:
        """Screen pixels a picture pixel."""
        if self.close_up:
            return 1.0 / self.devicePixelRatioF()
        return min(self.width() / self.picture.width, self.height() / self.picture.height)

    def place(self) -> QRectF:
        """Where the whole picture lies on the widget."""
        scale = self._scale()
        size = QPointF(self.picture.width, self.picture.height) * scale
        middle = QPointF(self.width() / 2, self.height() / 2)
        corner = middle - (self.cross * scale if self.close_up else size / 2)
        return QRectF(corner.x(), corner.y(), size.x(), size.y())

    def _to_picture(self, at: QPointF) -> QPointF:
        return (at - self.place().topLeft()) / self._scale()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The picture, its margin and boxes, and the box that is being drawn."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), SURROUND_COLOUR)
        if self._image is None:
            painter.setPen(QColor("#DDDDDD"))
            words = self.problem or tr("Loading ...")
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, words)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not self.close_up)
        place, scale = self.place(), self._scale()
        painter.drawImage(place, self._image)
        painter.setClipRect(place)
        margin = self.sheet.margin
        if margin:
            inner = QRectF(place).adjusted(margin * scale, margin * scale, -margin * scale, -margin * scale)
            self._frame(painter, place, inner)
        for left, top, right, bottom in self.sheet.boxes.get(self.picture.id, ()):
            self._black(painter, QRectF(place.topLeft() + QPointF(left, top) * scale,
                                        place.topLeft() + QPointF(right, bottom) * scale))  # fmt: skip
        for left, top, right, bottom in self.sheet.words.get(self.picture.id, ()):
            self._black(painter, QRectF(place.topLeft() + QPointF(left, top) * scale,
                                        place.topLeft() + QPointF(right, bottom) * scale), WORDS_INK)  # fmt: skip
        if self._from is not None:
            other = self.cross if self._by_keys else self._other
            drawn = QRectF(self._from * scale, other * scale).normalized().translated(place.topLeft())
            self._black(painter, drawn)
        self._draw_cross(painter, place.topLeft() + self.cross * scale)

    def _frame(self, painter: QPainter, outer: QRectF, inner: QRectF) -> None:
        if not inner.isValid():
            self._black(painter, outer)
            return
        for part in (
            QRectF(outer.topLeft(), QPointF(outer.right(), inner.top())),
            QRectF(QPointF(outer.left(), inner.bottom()), outer.bottomRight()),
            QRectF(QPointF(outer.left(), inner.top()), inner.bottomLeft()),
            QRectF(inner.topRight(), QPointF(outer.right(), inner.bottom())),
        ):
            painter.fillRect(part, QColor(0, 0, 0, 215))

    @staticmethod
    def _black(painter: QPainter, box: QRectF, ink: QColor = _INK) -> None:
        """What will be black, a little of what is below still to be seen, so that it can be judged whether it fits."""
        painter.fillRect(box, QColor(0, 0, 0, 215))
        painter.setPen(QPen(ink, 2, Qt.PenStyle.SolidLine if ink is _INK else Qt.PenStyle.DashLine))
        painter.drawRect(box)

    def _draw_cross(self, painter: QPainter, at: QPointF) -> None:
        if not self.hasFocus():
            return
        for ink, width in ((_SHADOW, 4), (_INK, 2)):
            painter.setPen(QPen(ink, width))
            painter.drawLine(at + QPoint(-14, 0), at + QPoint(14, 0))
            painter.drawLine(at + QPoint(0, -14), at + QPoint(0, 14))

    def _came(self, image: QImage) -> None:
        self._image = image
        self._seen()
        self.update()

    def _seen(self) -> None:
        """A picture that is here whole is looked at, better than on the sheet."""
        if not self.close_up and self._image is not None:
            self.sheet.saw([self.picture.id])
        self.changed.emit()

    def _failed(self, why: str) -> None:
        self.problem = why
        self.update()


def _box(one: QPointF, other: QPointF) -> Box:
    """Whole pixels that two corners touch."""
    left, right = sorted((one.x(), other.x()))
    top, bottom = sorted((one.y(), other.y()))
    return int(left), int(top), int(-(-right // 1)), int(-(-bottom // 1))


def large_image(ctx: Context, library: Library, picture_id: str) -> QImage:
    """Job: a picture, large enough to read what is drawn into it."""
    ctx.check()
    return rgb_image(cases.load_picture(library, picture_id, longest=LONGEST))
