"""Words drawn into pictures as devices, archives and people draw them, and where each of their strokes lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pfm_desktop.support.paths import resources_dir

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
HEIGHTS = (10, 12, 14, 17, 20, 25, 30, 40, 50, 60)  # pixels of a capital letter
COLOURS = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "yellow": (255, 230, 0),
    "green": (60, 230, 60),
    "grey": (150, 150, 150),
}
HERSHEY = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX)
OUTLINES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
NAMES = (
    "MUSTER, Anna", "Krasnova Olga Petrovna", "Jane Doe", "Szabó Ágnes", "María López", "Nguyen Thi Lan", "O'Brien, K.",
    "Fatima al-Hassan", "Zoë Müller", "CHEN Wei", "P. Papadopoulou", "Aino Virtanen",
)  # fmt: skip
DEVICES = (
    "LEISEGANG 3ML", "EDAN C6A HD", "OLYMPUS OCS-500", "Zeiss FC 150", "x15 WB: AUTO", "SN 20481-7", "CH1 FRZ",
    "Gain 3",
)  # fmt: skip
STROKE = 0.1  # share of the word's colour above which a pixel is its stroke
SHADE = 0.5  # how far a half transparent word covers


@dataclass(frozen=True, eq=False)
class Word:
    """One word of a line; `strokes` of the whole picture's size within `at` (left, top, right, bottom).

    `height`: of its capitals, in pixels. `contrast`: mean change of its strokes in the colour that
    changes most, in levels of 255.
    """

    height: int
    colour: str
    contrast: float
    turned: bool
    shaded: bool
    margin: bool  # on a black margin, not on the picture
    at: tuple[int, int, int, int]
    strokes: Mask

    def covered(self, blank: Mask) -> bool:
        """Whether each stroke is within what is blanked (of the picture's size)."""
        left, top, right, bottom = self.at
        return bool(blank[top:bottom, left:right][self.strokes].all())


def with_words(picture: Pixels, random: np.random.Generator, lines: int = 4) -> tuple[Pixels, list[Word]]:
    """A picture with some lines of words, a third of the time with black margins to either side; packed as JPEG."""
    margin = 0
    if random.random() < 1 / 3:
        margin = picture.shape[1] // 6
        picture = np.pad(picture, ((0, 0), (margin, margin), (0, 0)))
    drawn, words = picture.astype(np.float32), []
    taken = np.zeros(picture.shape[:2], bool)
    for _ in range(lines):
        words += _line(drawn, taken, margin, random)
    return packed(np.clip(np.rint(drawn), 0, 255).astype(np.uint8), random), words


def packed(picture: Pixels, random: np.random.Generator) -> Pixels:
    """With the grain of a camera, and once through a JPEG, as pictures come."""
    grain = random.normal(0, 2, picture.shape[:2])[..., None]
    grainy = np.clip(np.rint(picture + grain), 0, 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(80, 97))]
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", grainy, quality)[1], cv2.IMREAD_COLOR), np.uint8)


def _line(drawn: NDArray[np.float32], taken: Mask, margin: int, random: np.random.Generator) -> Iterator[Word]:
    """Draw one line where there is room; none where there is not."""
    height, width = taken.shape
    size = int(random.choice(HEIGHTS))
    shares = _shares(_text(random), size, random)
    turned = bool(random.random() < 0.25)
    if turned:
        times = int(random.choice((1, 3)))
        shares = np.ascontiguousarray(np.rot90(shares, times, (1, 2)))
    tall, wide = shares.shape[1:]
    if tall >= height or wide >= width:
        return
    on_margin = bool(margin and random.random() < 0.6 and wide < margin)
    left, top = _place((width, height), (wide, tall), margin if on_margin else 0, random)
    around = slice(max(0, top - size), top + tall + size), slice(max(0, left - size), left + wide + size)
    if taken[around].any():
        return
    taken[top : top + tall, left : left + wide] = True
    shade = SHADE if random.random() < 0.25 else 1.0
    named = str(random.choice([one for one in COLOURS if not (on_margin and one == "black")]))
    part = drawn[top : top + tall, left : left + wide]
    before = part.copy()
    for share in shares:
        part += (share * shade)[..., None] * (np.array(COLOURS[named], np.float32) - part)
    changed = np.abs(part - before).max(axis=2)
    for share in shares:
        strokes = share > STROKE
        contrast = float(changed[share > 0.5].mean()) if (share > 0.5).any() else float(changed[strokes].mean())
        at = (left, top, left + wide, top + tall)
        yield Word(size, named, contrast, turned, shade < 1, on_margin, at, strokes)


def _place(room: tuple[int, int], size: tuple[int, int], margin: int, random: np.random.Generator) -> tuple[int, int]:
    """On a margin, in a corner or anywhere: left and top."""
    (width, height), (wide, tall) = room, size
    if margin:
        left = int(random.integers(0, margin - wide))
        return (left if random.random() < 0.5 else width - margin + left), int(random.integers(0, height - tall))
    if random.random() < 0.5:
        gap = int(random.integers(4, 40))
        left, top = (gap, width - wide - gap)[random.integers(2)], (gap, height - tall - gap)[random.integers(2)]
        return max(0, int(left)), max(0, int(top))
    return int(random.integers(0, width - wide)), int(random.integers(0, height - tall))


def _text(random: np.random.Generator) -> str:
    """A name, a date, an identifier or what a device says."""
    day, month, year = int(random.integers(1, 29)), int(random.integers(1, 13)), int(random.integers(1950, 2027))
    clock = f"{random.integers(24):02d}:{random.integers(60):02d}:{random.integers(60):02d}"
    dates = (
        f"{day:02d}.{month:02d}.{year}", f"{year}-{month:02d}-{day:02d} {clock}", f"{month:02d}/{day:02d}/{year}",
        clock,
    )  # fmt: skip
    number = int(random.integers(10_000, 99_999_999))
    ids = (f"ID: {number}", f"PID {number}", f"#{number}", f"Pat. {number % 9999}/{year % 100}")
    kinds = (NAMES, dates, ids, DEVICES)
    chosen = kinds[random.integers(len(kinds))]
    return str(chosen[random.integers(len(chosen))])


def _shares(text: str, size: int, random: np.random.Generator) -> NDArray[np.float32]:
    """How far each pixel is covered, 0..1, for each word of the line: words x height x width."""
    return _by_pillow(text, size, random) if random.random() < 0.5 else _by_opencv(text, size, random)


@cache
def _font(file: str, size: int) -> ImageFont.FreeTypeFont:
    path = str(resources_dir() / "fonts" / file)
    capital = ImageFont.truetype(path, 200).getbbox("H")
    return ImageFont.truetype(path, round(size * 200 / (capital[3] - capital[1])))


def _by_pillow(text: str, size: int, random: np.random.Generator) -> NDArray[np.float32]:
    font = _font(str(random.choice(OUTLINES)), size)
    wide, pad = round(font.getlength(text)) + 4, 2
    planes, done = [], ""
    for word in text.split(" "):
        plane = Image.new("L", (wide + 2 * pad, 2 * size), 0)
        ImageDraw.Draw(plane).text((pad + font.getlength(done), 1.4 * size), word, fill=255, font=font, anchor="ls")
        planes.append(np.asarray(plane, np.float32) / 255)
        done += word + " "
    return np.stack(planes)


def _by_opencv(text: str, size: int, random: np.random.Generator) -> NDArray[np.float32]:
    text = text.encode("ascii", "replace").decode().replace("?", "e")
    font = int(random.choice(HERSHEY))
    thick = max(1, round(size / float(random.choice((7, 10, 14)))))
    scale = cv2.getFontScaleFromHeight(font, size, thick)
    wide, pad = cv2.getTextSize(text, font, scale, thick)[0][0], 2 + thick
    planes, done = [], ""
    for word in text.split(" "):
        plane = np.zeros((2 * size + 2 * thick, wide + 2 * pad), np.uint8)
        left = pad + (cv2.getTextSize(done, font, scale, thick)[0][0] if done else 0)
        cv2.putText(plane, word, (left, round(1.4 * size) + thick), font, scale, 255, thick, cv2.LINE_AA)
        planes.append(plane.astype(np.float32) / 255)
        done += word + " "
    return np.stack(planes)
