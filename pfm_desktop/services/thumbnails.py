"""Small pictures for the filmstrip: made once, kept in the library, and made again when they are lost."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pfm_desktop.services import cases
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage import thumbnails
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import UserError

if TYPE_CHECKING:
    import numpy as np  # the window stands before numpy loads
    from numpy.typing import NDArray

log = logging.getLogger(__name__)
SIDE = 512  # pixels of the longer side: enough for the filmstrip on any screen
_QUALITY = 85


def thumbnail(lib: Library, picture_id: str) -> NDArray[np.uint8]:
    """A picture of the library, no larger than `SIDE`: h x w x 3 uint8 RGB.

    The first time it is made of the picture and kept, where the library may be written; a thumbnail that is lost or
    altered is made again. Raises as `cases.load_picture` where it must be made and cannot be, and where the file of the
    picture is missing, whatever is kept of it.
    """
    with lib.read() as session:
        picture = stored.picture(session, picture_id)
        kept = thumbnails.kept(session, picture.sha256) if picture is not None else None
    if picture is not None and kept is not None and lib.pictures.find(picture.sha256) is not None:
        pixels = _read(lib, kept)
        if pixels is not None:
            return pixels
    pixels = _small(cases.load_picture(lib, picture_id, longest=SIDE))
    if picture is not None and not lib.read_only:
        _keep(lib, picture.sha256, pixels)
    return pixels


def _read(lib: Library, sha256: str) -> NDArray[np.uint8] | None:
    from pfm_desktop.imaging.io import decode_picture

    try:
        return decode_picture(lib.derived.get(sha256), "thumbnail").pixels
    except UserError as error:
        log.info("a thumbnail is made again: %s", error)
        return None


def _small(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from pfm_desktop.imaging.screen import reduced

    return reduced(pixels, SIDE, SIDE) if max(pixels.shape[:2]) > SIDE else pixels


def _keep(lib: Library, picture_sha256: str, pixels: NDArray[np.uint8]) -> None:
    """Keep a thumbnail; where that fails it is made again the next time, and nobody need hear of it."""
    from pfm_desktop.imaging.io import encode_jpeg

    try:
        sha256 = lib.derived.put(encode_jpeg(pixels, quality=_QUALITY))
        with lib.write() as session:
            thumbnails.keep(session, picture_sha256, sha256)
    except (UserError, OSError) as error:
        log.info("a thumbnail could not be kept: %s", error)
