"""Draws the icon: `python resources/icons/draw.py` writes `pfm-desktop-<side>.png` and `pfm-desktop.ico`.

A round field, half in white light and half in fluorescence, with the os in the middle. Made once and kept, so that the
program and its installers need no drawing.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageChops, ImageDraw

SIDES = (16, 24, 32, 48, 64, 128, 256)
FINE = 1024  # drawn at this size and reduced
GROUND, WHITE_LIGHT, LESION, FLUORESCENCE, DARK, OS = "#2b2b2b", "#e8a9a2", "#f6ebe4", "#3fb68b", "#17604a", "#5a1f26"


def icon() -> Image.Image:
    """RGBA of `FINE` x `FINE`."""
    whole = Image.new("RGBA", (FINE, FINE))
    ImageDraw.Draw(whole).rounded_rectangle((0, 0, FINE - 1, FINE - 1), radius=190, fill=GROUND)
    halves = (_field(WHITE_LIGHT, LESION), _field(FLUORESCENCE, DARK))
    left = Image.new("L", (FINE, FINE))
    ImageDraw.Draw(left).polygon([(0, 0), (640, 0), (384, FINE), (0, FINE)], fill=255)
    for half, side in zip(halves, (left, ImageChops.invert(left)), strict=True):
        whole.paste(half, mask=ImageChops.multiply(half.getchannel("A"), side))
    pen = ImageDraw.Draw(whole)
    pen.line([(632, 32), (392, FINE - 32)], fill=GROUND, width=26)
    pen.ellipse((412, 466, 612, 558), fill=OS)
    return whole


def _field(tissue: str, lesion: str) -> Image.Image:
    field = Image.new("RGBA", (FINE, FINE))
    pen = ImageDraw.Draw(field)
    pen.ellipse((96, 96, FINE - 96, FINE - 96), fill=tissue)
    pen.pieslice((272, 272, FINE - 272, FINE - 272), start=190, end=350, fill=lesion)
    return field


def main() -> None:
    """Write all sizes beside this file."""
    here, fine = Path(__file__).parent, icon()
    for side in SIDES:
        fine.resize((side, side), Image.Resampling.LANCZOS).save(here / f"pfm-desktop-{side}.png", optimize=True)
    fine.resize((256, 256), Image.Resampling.LANCZOS).save(here / "pfm-desktop.ico", sizes=[(s, s) for s in SIDES])


if __name__ == "__main__":
    main()
