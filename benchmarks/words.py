"""What the finder of words is worth: words drawn into pictures that are covered whole, and boxes where there are none.

    python benchmarks/words.py [--annocerv DIR] [--count 30] [--seed 830000] [--development] [--sheet FILE.png]

Names, dates, numbers and what devices say are drawn into photographs (`--annocerv`, AnnoCerv iclx, CC BY 4.0, enlarged
to 1280 pixels of height: skipped where it is absent) and into phantoms of both sources (1024 x 1024): DejaVu and
OpenCV's Hershey letters, capitals 10 to 60 pixels high, five colours, a quarter half transparent, a quarter turned by
90 degrees, in corners, anywhere or on black margins; then grain and JPEG. A word counts as found when each pixel of its
strokes lies in a box. Words whose strokes change no colour by 10 of 255 levels are counted apart. The same pictures
without words say how much is blanked for nothing. `--sheet` draws the wrong boxes, to be looked at.

Thresholds were set on AnnoCerv's women with an odd number (`--development`) and phantoms of seeds from 70000 and
830000; women with an even one and seeds from 840000 are for the figures.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

import cv2  # noqa: E402 - the thread settings come before numpy
import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from benchmarks.registration_parts.photographs import women_of  # noqa: E402
from benchmarks.shares import share  # noqa: E402
from benchmarks.unlike_parts.women import in_its_own_shape  # noqa: E402
from benchmarks.words_parts.drawn import HEIGHTS, Word, packed, with_words  # noqa: E402
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.imaging.io import read_picture, write_png  # noqa: E402
from pfm_desktop.imaging.phantom import render  # noqa: E402
from pfm_desktop.imaging.words import Box, find_words  # noqa: E402
from pfm_desktop.jobs import Context  # noqa: E402

FIRST_SEED, SIZE, HEIGHT = 840_000, 1024, 1280
LINES = 8  # that are tried on a picture
FAINT = 10  # levels: below it nobody reads a word
CONTRASTS = ((10, 20), (20, 40), (40, 80), (80, 256))
TILE = 480  # pixels, of the sheet
Pixels = NDArray[np.uint8]


@dataclass
class Found:
    """What came of one kind of pictures. `parts`: share of each picture without words that is blanked."""

    words: list[tuple[Word, bool]] = field(default_factory=list)
    parts: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    wrong: list[Pixels] = field(default_factory=list)


def looked_at(ctx: Context, pictures: Iterator[Pixels], count: int, what: str) -> Found:
    """Each picture with words, and without."""
    found = Found()
    for number, picture in enumerate(pictures):
        ctx.progress(number, count, f"Words in {what}")
        random = np.random.default_rng([31, number])
        drawn, words = with_words(picture, random, LINES)
        blank = blanked(drawn, find_words(drawn))
        found.words += [(word, word.covered(blank)) for word in words]
        plain = packed(picture, random)
        begun = time.perf_counter()
        boxes = find_words(plain)
        found.seconds.append(time.perf_counter() - begun)
        found.parts.append(float(blanked(plain, boxes).mean()))
        if boxes:
            found.wrong.append(outlined(plain, boxes))
    return found


def blanked(picture: Pixels, boxes: Sequence[Box]) -> NDArray[np.bool_]:
    """Where a picture is made black."""
    blank = np.zeros(picture.shape[:2], bool)
    for left, top, right, bottom in boxes:
        blank[top:bottom, left:right] = True
    return blank


def outlined(picture: Pixels, boxes: Sequence[Box]) -> Pixels:
    """A small one with its boxes."""
    shown = picture.copy()
    for left, top, right, bottom in boxes:
        cv2.rectangle(shown, (left, top), (right, bottom), (0, 255, 255), 6)
    size = TILE, round(TILE * picture.shape[0] / picture.shape[1])
    small = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.copyMakeBorder(small, 0, TILE - size[1], 0, 0, cv2.BORDER_CONSTANT), np.uint8)


def lines_of(found: Found, what: str) -> Iterator[str]:
    """The figures."""
    seen = [(word, hit) for word, hit in found.words if word.contrast >= FAINT]

    def of(which: Callable[[Word], bool]) -> str:
        hits = [hit for word, hit in seen if which(word)]
        return share(sum(hits), len(hits))

    yield f"{what}, words covered to the last stroke: {of(lambda word: True)}"
    yield f"  horizontal {of(lambda word: not word.turned)}; turned by 90 degrees {of(lambda word: word.turned)}"
    yield f"  solid {of(lambda word: not word.shaded)}; half transparent {of(lambda word: word.shaded)}"
    yield f"  on black margins {of(lambda word: word.margin)}; on the picture {of(lambda word: not word.margin)}"
    for height in HEIGHTS:
        yield f"  capitals {height} px: {of(lambda word, height=height: word.height == height)}"
    for low, high in CONTRASTS:
        yield f"  contrast {low} to {high}: {of(lambda word, low=low, high=high: low <= word.contrast < high)}"
    faint = [hit for word, hit in found.words if word.contrast < FAINT]
    yield f"  (contrast under {FAINT}, not counted above: {share(sum(faint), len(faint))})"
    yield "  missed: " + (", ".join(_named(word) for word, hit in seen if not hit) or "none")
    parts = np.array(found.parts)
    yield (
        f"{what} without words: a box in {share(int((parts > 0).sum()), len(parts))}; {100 * parts.mean():.2f} % of "
        f"the area blanked, at most {100 * parts.max():.1f} % of one; "
        f"{1000 * float(np.median(found.seconds)):.0f} ms a picture"
    )


def _named(word: Word) -> str:
    kind = [kind for kind, so in (("turned", word.turned), ("half transparent", word.shaded)) if so]
    return " ".join([f"{word.height} px", word.colour, *kind, f"({word.contrast:.0f})"])


def photographs(folder: Path, *, development: bool) -> tuple[Iterator[Pixels], int]:
    """The first frame of each woman, enlarged to the size of a camera's picture."""
    rows = [frames[0] for frames in women_of(folder, 0 if development else 1).frames]
    files = (read_picture(folder / "images" / row["file"]).pixels for row in rows)
    return (in_its_own_shape(file, row, HEIGHT) for file, row in zip(files, rows, strict=True)), len(rows)


def phantoms(seed: int, count: int) -> Iterator[Pixels]:
    """White light and fluorescence in turn."""
    for number in range(count):
        drawn = render(seed + number, size=SIZE)
        yield drawn.white
        yield drawn.fluorescence


def whole_hd(seed: int) -> str:
    """How long a picture of 1920 x 1080 takes."""
    picture = cv2.resize(render(seed, size=SIZE).white, (1920, 1080), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    find_words(picture)
    took = []
    for _ in range(7):
        begun = time.perf_counter()
        find_words(picture)
        took.append(time.perf_counter() - begun)
    return f"1920 x 1080: {1000 * float(np.median(took)):.0f} ms (fastest {1000 * min(took):.0f})"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--annocerv", type=Path)
    parser.add_argument("--count", type=int, default=30, help="phantoms, each in both sources; 0 for none")
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--development", action="store_true", help="the other half of AnnoCerv's women")
    parser.add_argument("--sheet", type=Path)
    asked = parser.parse_args()
    wrong: list[Pixels] = []
    with Bar() as bar:
        print(whole_hd(asked.seed), flush=True)
        if asked.count:
            found = looked_at(bar, phantoms(asked.seed, asked.count), 2 * asked.count, "phantoms")
            print("\n".join(lines_of(found, f"phantoms ({2 * asked.count} at {SIZE} px)")), flush=True)
            wrong += found.wrong
        if asked.annocerv is None or not (asked.annocerv / "index.csv").is_file():
            print("photographs: skipped, AnnoCerv is not there (--annocerv DIR)")
        else:
            pictures, count = photographs(asked.annocerv, development=asked.development)
            found = looked_at(bar, pictures, count, "photographs")
            print("\n".join(lines_of(found, f"photographs (AnnoCerv, {count} women)")), flush=True)
            wrong += found.wrong
    if asked.sheet is not None and wrong:
        write_png(asked.sheet, np.vstack(wrong))


if __name__ == "__main__":
    main()
