"""How a DICOM file is refused, in words for a person."""

from __future__ import annotations

from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

NAMED = tr("a DICOM photograph (VL Photographic, VL Endoscopic or Secondary Capture)")


def damaged(name: str, how: str) -> BadInputError:
    """A file that is broken or cut short; `how` is a clause."""
    return BadInputError(
        tr("{name} is damaged or cut short: {how}", name=name, how=how), remedy=tr("copy or export it again")
    )


def no_picture(name: str, what: str) -> BadInputError:
    """A file that is something else; `what` goes on after its name."""
    return BadInputError(f"{name} {what}", remedy=tr("choose {kinds}", kinds=NAMED))


def unreadable(name: str, what: str) -> BadInputError:
    """A picture that is written in a way that is not read; `what` goes on after its name."""
    return BadInputError(
        f"{name} {what}", remedy=tr("have it sent or exported as uncompressed DICOM, or as PNG or JPEG")
    )
