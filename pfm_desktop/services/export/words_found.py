"""Looking for words that are drawn into pictures, before a person looks and before a set for research goes out."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from pfm_desktop.domain.people import Act
from pfm_desktop.interop.dicom.deidentify import Box
from pfm_desktop.services import cases
from pfm_desktop.services.export.facts import Pixels
from pfm_desktop.storage import access
from pfm_desktop.storage import repositories as stored
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.domain.case import Picture
    from pfm_desktop.jobs import Context
    from pfm_desktop.storage.library import Library

KEPT = 500_000  # pictures whose boxes are remembered
_known: OrderedDict[str, tuple[Box, ...]] = OrderedDict()  # by the hash of a picture's bytes, while the program runs
_one_at_a_time = threading.Lock()


def check_can_look() -> None:
    """Raise `ModelError` where the finder is missing or damaged."""
    from pfm_desktop.imaging.words import check_words

    check_words()


def words_in(picture: Picture, pixels: Pixels) -> tuple[Box, ...]:
    """Boxes of the words drawn into a picture (its `pixels`, H x W x 3, upright); looked for once a program."""
    from pfm_desktop.imaging.words import find_words

    with _one_at_a_time:
        found = _known.get(picture.sha256)
    if found is None:
        found = find_words(pixels)
        with _one_at_a_time:
            _known[picture.sha256] = found
            while len(_known) > KEPT:
                _known.popitem(last=False)
    return found


def words_of(ctx: Context, lib: Library, picture_id: str) -> tuple[Box, ...]:
    """Job: boxes of the words drawn into one picture of the library.

    Raises `ModelError` where nothing can be looked for, `StorageError` and `BadInputError` for a picture that is lost,
    altered or none.
    """
    access.require(lib.account, Act.EXPORT)
    ctx.check()
    picture = _picture(lib, picture_id)
    with _one_at_a_time:
        found = _known.get(picture.sha256)
    return words_in(picture, cases.load_picture(lib, picture_id)) if found is None else found


def _picture(lib: Library, picture_id: str) -> Picture:
    with lib.read() as session:
        found = stored.picture(session, picture_id)
    if found is None:
        raise StorageError(
            tr("this picture is not in the library"), safe=tr("nothing was changed"), remedy=tr("open it again")
        )
    return found
