"""Pictures of different shapes, as 16:9 and 1:1: one of them was cut, or squeezed, by the camera or on the way here."""

from __future__ import annotations

OTHER_SHAPE = 1.1  # ratio of the two sides' ratios from which shapes differ
KNOWN = ((1, 1), (5, 4), (4, 3), (3, 2), (16, 10), (16, 9), (2, 1))
NEAR = 0.02  # a crop is a few pixels off

Size = tuple[int, int]  # width, height


def shapes_differ(white: Size, fluorescence: Size) -> bool:
    """Whether two pictures differ in shape, whatever their sizes."""
    ratio = (white[0] / white[1]) / (fluorescence[0] / fluorescence[1])
    return max(ratio, 1 / ratio) >= OTHER_SHAPE


def shape_words(size: Size) -> str:
    """`16:9`; where no usual name is near, `1.62:1`."""
    width, height = size
    ratio = max(size) / min(size)
    named = next(((long, short) for long, short in KNOWN if abs(ratio * short / long - 1) <= NEAR), None)
    long, short = (str(side) for side in named) if named else (f"{ratio:.2f}", "1")
    return f"{long}:{short}" if width >= height else f"{short}:{long}"


def difference_words(white: Size, fluorescence: Size) -> str:
    """`; they differ in shape (16:9 and 1:1)`, to stand behind a reason; nothing where they do not."""
    if not shapes_differ(white, fluorescence):
        return ""
    return f"; they differ in shape ({shape_words(white)} and {shape_words(fluorescence)})"
