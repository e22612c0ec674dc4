"""HEIC pictures, as telephones take them, opened as Pillow opens the others. Decoding only.

libheif turns a picture upright itself (`irot`, `imir`); the orientation in its EXIF data does not count.
"""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from pfm_desktop.imaging.kinds import Kind, kind_of


def is_heif(data: bytes) -> bool:
    """Whether the first bytes are those of a HEIC picture."""
    return kind_of(data[:32]) is Kind.HEIC


def open_heif(data: bytes) -> Image.Image:
    """The picture, its pixels not yet decoded; `SyntaxError` for what libheif does not take."""
    from pi_heif import options
    from pi_heif.as_plugin import HeifImageFile  # a sixth of a second where no HEIC is read

    options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False  # what is not used is not parsed
    options.DECODE_THREADS = 1  # the window goes first
    picture: Image.Image = HeifImageFile(BytesIO(data))
    return picture
