"""Putting pictures together: heatmap over its picture with a legend, side by side, marks, a line that stays with it.

Everything is H x W x 3 uint8 RGB in and out; heatmaps are h x w float32 in 0..1, NaN where the engine saw nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pfm_desktop.domain.prediction import HEAT_OPACITY, HEAT_THRESHOLD

Pixels = NDArray[np.uint8]
Values = NDArray[np.float32]

SURROUND = (43, 43, 43)  # neutral: a tint around a picture changes how its colours are judged
SMALLEST = 8  # letters, pixels
_INK = (238, 238, 238)
_BANNER = (255, 196, 61)
_ALARM, _ON_ALARM = (255, 122, 26), (20, 10, 0)  # a filled strip: no other line of a picture has one
_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Mark:
    """A lettered mark at (x, y) pixels; the os is a mark without a letter."""

    x: float
    y: float
    letter: str = ""


@dataclass(frozen=True)
class Outline:
    """A polygon of (x, y) pixels, or an `open` line, with a letter or number beside it."""

    points: tuple[tuple[float, float], ...]
    letter: str = ""
    dashed: bool = False
    open: bool = False


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


def heat_over(
    pixels: Pixels, values: Values, *, opacity: float = HEAT_OPACITY, threshold: float = HEAT_THRESHOLD
) -> Pixels:
    """A heatmap over its picture, by the rule of the stage: `opacity` from `threshold` up, nothing below.

    Where the engine saw nothing the picture is dimmed.
    """
    full = spread(values, (pixels.shape[0], pixels.shape[1]))
    seen = np.isfinite(full)
    heat = np.clip(np.nan_to_num(full, nan=0.0), 0, 1)
    colours = inferno()[(heat * 255).astype(np.uint8)].astype(np.float32)
    cover = (opacity * np.clip((heat - threshold) * 25 + 0.5, 0, 1))[:, :, None]  # a soft edge, as on the stage
    cover[~seen] = 0
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


def with_legend(
    pixels: Pixels,
    title: str,
    *,
    ends: tuple[str, str] | None = None,
    size: float = 1.0,
    threshold: float = 0.0,
    letters: int = 0,
) -> Pixels:
    """A strip under the picture: its title and, between `ends` (words of 0 and of 1), the colour bar of the heatmap,
    black below `threshold`.

    `size` enlarges the text, for a picture that will be shown smaller than it is; `letters` is its least height in
    pixels. The title wraps, and where its
    longest word is wider than the picture the letters shrink: no word is cut.
    """
    width = pixels.shape[1]
    font, lines = _set([title], max(letters, round(size * max(13, width // 56))), width, beside=ends or ())
    step = _step(font)
    bar_top = step * len(lines) + _edge(font)
    image = Image.new("RGB", (width, bar_top + (step if ends else 0) + _edge(font)), SURROUND)
    draw = ImageDraw.Draw(image)
    for number, (_, line) in enumerate(lines):
        draw.text((_edge(font), _edge(font) + number * step), line, _INK, font)
    if ends:
        _draw_scale(image, font, bar_top, step, threshold, ends)
    return np.concatenate([pixels, np.asarray(image, dtype=np.uint8)], axis=0)


def _draw_scale(image: Image.Image, font: _Font, top: int, step: int, threshold: float, ends: tuple[str, str]) -> None:
    draw = ImageDraw.Draw(image)
    edge, (least, most) = _edge(font), ends
    left = 2 * edge + round(font.getlength(least))
    right = image.width - 2 * edge - round(font.getlength(most))
    height = max(6, step // 2)
    if right - left >= 12:
        ramp = inferno().copy()
        ramp[: round(threshold * 256)] = 0
        bar = Image.fromarray(np.repeat(ramp[None], height, axis=0)).resize((right - left, height))
        image.paste(bar, (left, top + (step - height) // 2))
    draw.text((edge, top), least, _INK, font)
    draw.text((image.width - edge, top), most, _INK, font, anchor="ra")


def with_banner(
    pixels: Pixels, lines: Sequence[str], *, warning: str = "", size: float = 1.0, letters: int = 0
) -> Pixels:
    """A strip over the picture that goes wherever the picture goes: the first line stands out.

    A `warning` comes before them all, on a strip of its own colour. `size`, `letters` and wrapping as for
    `with_legend`.
    """
    width = pixels.shape[1]
    font, wrapped = _set([warning, *lines], max(letters, round(size * max(13, width // 70))), width)
    alarm = [(line, _ON_ALARM) for number, line in wrapped if number == 0]
    plain = [(line, _BANNER if number == 1 else _INK) for number, line in wrapped if number > 0]
    strips = [_strip(alarm, _ALARM, font, width)] if warning else []
    return np.concatenate([*strips, _strip(plain, SURROUND, font, width), pixels], axis=0)


def _strip(lines: Sequence[tuple[str, _Colour]], ground: _Colour, font: _Font, width: int) -> Pixels:
    """Lines, each in its colour, below each other on a ground as wide as the picture."""
    step, edge = _step(font), _edge(font)
    image = Image.new("RGB", (width, step * len(lines) + edge), ground)
    draw = ImageDraw.Draw(image)
    for number, (line, colour) in enumerate(lines):
        draw.text((edge, edge // 2 + number * step), line, colour, font)
    return np.asarray(image, dtype=np.uint8)


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


def with_outlines(pixels: Pixels, outlines: Sequence[Outline]) -> Pixels:
    """Polygons drawn as lines, and their letters beside them, that show on light and on dark tissue."""
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    thick = max(2, round(max(pixels.shape[:2]) / 320))
    font = _font(12 * thick)
    for one in outlines:
        ends = [*one.points, *(() if one.open else one.points[:1])]
        for colour, width in (((0, 0, 0), 2 * thick), (_INK, thick)):
            for part in _dashes(ends, 6.0 * thick) if one.dashed else (ends,):
                draw.line(part, fill=colour, width=width, joint="curve")
        if one.letter and one.points:
            x, y = max(one.points)
            draw.text((x + 3 * thick, y - 8 * thick), one.letter, _INK, font, stroke_width=thick, stroke_fill=(0, 0, 0))
    return np.asarray(image, dtype=np.uint8)


def _dashes(ends: Sequence[tuple[float, float]], length: float) -> Iterator[list[tuple[float, float]]]:
    """Every other part of a line, each `length` pixels long."""
    way, drawn = 0.0, True
    part = list(ends[:1])
    for (x0, y0), (x1, y1) in pairwise(ends):
        side = math.hypot(x1 - x0, y1 - y0)
        done = 0.0
        while side - done > length - way:
            done += length - way
            share = done / side
            part.append((x0 + share * (x1 - x0), y0 + share * (y1 - y0)))
            if drawn:
                yield part
            drawn, way, part = not drawn, 0.0, part[-1:]
        way += side - done
        part.append((x1, y1))
    if drawn and len(part) > 1:
        yield part


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


def _font(size: int) -> _Font:
    return ImageFont.load_default(max(SMALLEST, size))  # Pillow's own, so that every machine draws the same


def _set(
    texts: Sequence[str], letters: int, width: int, *, beside: Sequence[str] = ()
) -> tuple[_Font, list[tuple[int, str]]]:
    """Font and lines (number of the text, line) in which `texts` stand in `width` pixels; the words `beside` each other
    have room in one line as well."""
    words = [word for text in texts for word in text.split()] + [" ".join(beside)]
    font = _font(letters)
    while letters > SMALLEST and max(map(font.getlength, words)) > width - 2 * _edge(font):
        letters -= 1
        font = _font(letters)
    room = width - 2 * _edge(font)
    return font, [(number, line) for number, text in enumerate(texts) for line in _wrapped(text, font, room)]


def _wrapped(text: str, font: _Font, room: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _edge(font: _Font) -> int:
    return max(3, round(font.getlength("o") * 0.9))


def _step(font: _Font) -> int:
    return round(font.getbbox("lg")[3] * 1.3)
