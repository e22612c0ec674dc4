"""A picture ready to be painted: itself and its halves, so that no frame has to shrink a whole 4K picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from pfm_desktop.viewmodels.overlay import looked
from pfm_desktop.viewmodels.pair_view import DisplayWindow, Lens

SMALLEST = 400  # halving ends here: below, a whole picture is painted in well under a millisecond
AT_ONCE = 960  # longer side that is made ready within a few milliseconds
CRISP_FROM = 6.0  # device pixels per picture pixel from which pixels are shown as squares instead of smoothed


@dataclass(frozen=True)
class Pyramid:
    """`size` is (width, height) of the picture; `levels[0]` shows it best, each further one is half its size."""

    size: tuple[int, int]
    levels: tuple[QImage, ...]
    _pixels: tuple[NDArray[np.uint8], ...] = ()  # what the levels look at, kept as long as they are

    def level_for(self, scale: float) -> QImage:
        """The smallest level with at least a pixel for each device pixel; `scale` is device pixels a picture pixel."""
        best = self.levels[0]
        for level in self.levels[1:]:
            if level.width() < scale * self.size[0]:
                break
            best = level
        return best


def build_pyramid(rgb: NDArray[np.uint8], window: DisplayWindow | None = None) -> Pyramid:
    """From an H x W x 3 uint8 RGB picture, as a `window` shows it if one is given. For a thread: a 4K picture takes a
    tenth of a second, three of them for more contrast."""
    from pfm_desktop.imaging.screen import screen_levels

    return _pyramid(rgb, screen_levels(rgb if window is None else looked(rgb, window), smallest=SMALLEST))


def pyramid_at_once(rgb: NDArray[np.uint8], window: DisplayWindow | None = None) -> Pyramid:
    """As `build_pyramid`, without halves, for the moment until that is made: the picture as it is, or where it goes
    through a `window` every second or third pixel of a large one. At hand within some milliseconds."""
    if window is None:
        return _pyramid(rgb, (np.ascontiguousarray(rgb),))
    step = coarse_step(rgb)
    return _pyramid(rgb, (looked(rgb[::step, ::step], window),))


def coarse_step(rgb: NDArray[np.uint8]) -> int:
    """Every how manyth pixel `pyramid_at_once` takes; 1 where it is as good as the whole."""
    longest: int = max(rgb.shape[:2])
    return max(1, -(-longest // AT_ONCE))


def _pyramid(rgb: NDArray[np.uint8], levels: tuple[NDArray[np.uint8], ...]) -> Pyramid:
    return Pyramid((rgb.shape[1], rgb.shape[0]), tuple(_wrapped(level) for level in levels), levels)


def _wrapped(pixels: NDArray[np.uint8]) -> QImage:
    height, width, channels = pixels.shape
    kind = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_RGB32  # the one Qt paints fastest
    return QImage(pixels.data, width, height, channels * width, kind)


def rgb_image(pixels: NDArray[np.uint8]) -> QImage:
    """A copy as an image, from h x w x 3 uint8 RGB."""
    height, width = pixels.shape[:2]
    pixels = np.ascontiguousarray(pixels)
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def argb_image(colours: NDArray[np.uint32]) -> QImage:
    """From h x w 0xAARRGGBB with colours multiplied by alpha."""
    colours = np.ascontiguousarray(colours)
    height, width = colours.shape
    wrapped = QImage(colours.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    return wrapped.copy()  # owns its bytes


def picture_rect(lens: Lens, size: tuple[float, float]) -> QRectF:
    """Where a picture of (width, height) lies on the stage."""
    left, top = lens.to_stage(-0.5, -0.5)
    return QRectF(left, top, size[0] * lens.zoom, size[1] * lens.zoom)


def draw_picture(painter: QPainter, pyramid: Pyramid, lens: Lens, clip: QRectF) -> None:
    """Paint what of the picture falls into `clip` (stage pixels)."""
    scale = lens.zoom * painter.device().devicePixelRatioF()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < CRISP_FROM)
    draw_spanning(painter, pyramid.level_for(scale), picture_rect(lens, pyramid.size), clip)


def draw_spanning(painter: QPainter, image: QImage, whole: QRectF, clip: QRectF) -> None:
    """Paint the part of `image`, which spans `whole`, that falls into `clip`."""
    seen = whole.intersected(clip)
    if seen.isEmpty():
        return
    across, down = image.width() / whole.width(), image.height() / whole.height()
    source = QRectF(
        (seen.left() - whole.left()) * across,
        (seen.top() - whole.top()) * down,
        seen.width() * across,
        seen.height() * down,
    )
    painter.drawImage(seen, image, source)
