"""Putting pictures together: heatmap over its picture with a legend, side by side, marks, a line that stays with it.

Everything is H x W x 3 uint8 RGB in and out; heatmaps are h x w float32 in 0..1, NaN where the engine saw nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]
Values = NDArray[np.float32]

SURROUND = (43, 43, 43)  # neutral: a tint around a picture changes how its colours are judged
_INK = (238, 238, 238)
_WARNING = (255, 196, 61)


@dataclass(frozen=True)
class Mark:
    """A lettered mark at (x, y) pixels; the os is a mark without a letter."""

    x: float
    y: float
    letter: str = ""


def inferno() -> NDArray[np.uint8]:
    """256 x 3 RGB: perceptual, readable in grey and by the colour-blind."""
    ramp = np.arange(256, dtype=np.uint8).reshape(-1, 1)
    return np.asarray(cv2.applyColorMap(ramp, cv2.COLORMAP_INFERNO)[:, 0, ::-1], dtype=np.uint8)


def spread(values: Values, shape: tuple[int, int]) -> Values:
    """A heatmap at H x W; NaN stays where it was, and its edge does not bleed."""
    seen = np.isfinite(values)
    height, width = shape
    filled = cv2.resize(np.where(seen, values, 0).astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    share = cv2.resize(seen.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.where(share > 0.5, filled / np.maximum(share, 1e-6), np.nan), dtype=np.float32)


def heat_over(pixels: Pixels, values: Values, *, opacity: float = 0.6, threshold: float = 0.15) -> Pixels:
    """A heatmap over its picture.

    It covers more where it is hotter and nothing below `threshold`, so that the tissue stays visible; where the engine
    saw nothing the picture is dimmed.
    """
    full = spread(values, (pixels.shape[0], pixels.shape[1]))
    seen = np.isfinite(full)
    heat = np.clip(np.nan_to_num(full, nan=0.0), 0, 1)
    colours = inferno()[(heat * 255).astype(np.uint8)].astype(np.float32)
    cover = (opacity * np.clip((heat - threshold) / max(1 - threshold, 1e-6), 0, 1) ** 0.5)[:, :, None]
    mixed = pixels.astype(np.float32) * (1 - cover) + colours * cover
    mixed[~seen] *= 0.45
    return np.asarray(np.round(mixed), dtype=np.uint8)


def fit(pixels: Pixels, longest: int) -> Pixels:
    """Reduced so that its longer side is at most `longest` pixels; never enlarged."""
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def side_by_side(pictures: Sequence[Pixels], *, gap: int = 12) -> Pixels:
    """Pictures of one height in a row on a neutral ground; lower ones are enlarged to the highest."""
    height = max(picture.shape[0] for picture in pictures)
    row: list[Pixels] = []
    for number, picture in enumerate(pictures):
        if number:
            row.append(np.full((height, gap, 3), SURROUND, np.uint8))
        width = max(1, round(picture.shape[1] * height / picture.shape[0]))
        same = picture.shape[:2] == (height, width)
        row.append(picture if same else np.asarray(cv2.resize(picture, (width, height)), dtype=np.uint8))
    return np.concatenate(row, axis=1)


def with_legend(pixels: Pixels, title: str, *, scale: bool = True, size: float = 1.0) -> Pixels:
    """A strip under the picture: its title and, with `scale`, the colour bar of the heatmap.

    `size` enlarges the text, for a picture that will be shown smaller than it is.
    """
    width = pixels.shape[1]
    strip = round(size * max(28, width // 26))
    image = Image.new("RGB", (width, strip), SURROUND)
    draw = ImageDraw.Draw(image)
    letters = max(11, round(strip * 0.46))
    font = _font(letters)
    room = width - letters
    if scale:
        bar = max(60, width // 5)
        left = width - bar - round(4.2 * letters)
        ramp = Image.fromarray(np.repeat(inferno()[None], max(8, strip // 3), axis=0)).resize((bar, strip // 3))
        image.paste(ramp, (left, strip // 3))
        draw.text((left - letters // 2, strip // 2), "weak", _INK, font, anchor="rm")
        draw.text((left + bar + letters // 2, strip // 2), "strong", _INK, font, anchor="lm")
        room = left - round(4.0 * letters)
    draw.text((letters // 2, strip // 2), _shortened(title, font, room), _INK, font, anchor="lm")
    return np.concatenate([pixels, np.asarray(image, dtype=np.uint8)], axis=0)


def with_banner(pixels: Pixels, lines: Sequence[str], *, size: float = 1.0) -> Pixels:
    """A strip over the picture that goes wherever the picture goes: the first line stands out.

    `size` as for `with_legend`.
    """
    width = pixels.shape[1]
    letters = round(size * max(13, width // 70))
    step = round(letters * 1.5)
    image = Image.new("RGB", (width, step * len(lines) + letters // 2), SURROUND)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        font = _font(letters)
        text = _shortened(line, font, width - letters)
        draw.text((letters // 2, letters // 4 + number * step), text, _INK if number else _WARNING, font)
    return np.concatenate([np.asarray(image, dtype=np.uint8), pixels], axis=0)


def with_marks(pixels: Pixels, pins: Sequence[Mark], os_mark: Mark | None = None, *, size: float = 1.0) -> Pixels:
    """Lettered pins and the os (a cross), outlined so that they show on light and on dark tissue.

    At `size` 1 a pin is 4 % of the longer side wide.
    """
    scale = 3  # drawn large and reduced: Pillow draws without smoothing
    unit = size * max(pixels.shape[:2]) / 100
    image = Image.fromarray(pixels)
    for mark in pins:
        _pin(image, mark, unit, scale)
    if os_mark is not None:
        draw = ImageDraw.Draw(image)
        for colour, thick in (((0, 0, 0), 0.7), (_INK, 0.3)):
            for dx, dy in ((1, 0), (0, 1)):
                x, y, reach = os_mark.x, os_mark.y, 1.6 * unit
                ends = (x - dx * reach, y - dy * reach, x + dx * reach, y + dy * reach)
                draw.line(ends, fill=colour, width=max(1, round(thick * unit)))
    return np.asarray(image, dtype=np.uint8)


def _pin(image: Image.Image, mark: Mark, unit: float, scale: int) -> None:
    radius = max(7.0, 1.9 * unit)
    side = 2 * (round(radius * scale) + 2 * scale)
    pin = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(pin)
    draw.ellipse((scale, scale, side - scale, side - scale), fill=(16, 16, 16, 255))
    draw.ellipse((3 * scale, 3 * scale, side - 3 * scale, side - 3 * scale), fill=(255, 255, 255, 255))
    draw.text((side / 2, side / 2), mark.letter, (16, 16, 16, 255), _font(round(radius * scale * 1.1)), anchor="mm")
    small = pin.resize((side // scale, side // scale), Image.Resampling.LANCZOS)
    corner = round(mark.x - small.width / 2), round(mark.y - small.height / 2)
    image.paste(small, corner, small)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(8, size))  # Pillow's own, so that every machine draws the same


def _shortened(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: float) -> str:
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(text + "...") > room:
        text = text[:-1]
    return text + "..."
