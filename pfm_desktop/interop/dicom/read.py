"""Reading a photograph that comes as DICOM. Nothing in it is trusted, and no reference in it is followed."""

from __future__ import annotations

import io
import logging
import struct
import threading
import warnings
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pfm_desktop.interop.dicom.read_facts import DicomFacts, facts_of
from pfm_desktop.interop.dicom.read_pixels import Pixels, check_layout, frames_of
from pfm_desktop.interop.dicom.read_streams import Layout
from pfm_desktop.interop.dicom.refusals import damaged, no_picture, unreadable
from pfm_desktop.interop.dicom.structure import Structure, walk
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pydicom import Dataset

BYTE_LIMIT = 1_000_000_000  # as for other pictures (imaging/io.py)
PROFILE_LIMIT = 4_000_000  # bytes of a colour profile
DEFLATED = "1.2.840.10008.1.2.1.99"
PHOTOGRAPHS = {
    "1.2.840.10008.5.1.4.1.1.77.1.4": "VL Photographic",
    "1.2.840.10008.5.1.4.1.1.77.1.1": "VL Endoscopic",
    "1.2.840.10008.5.1.4.1.1.7": "Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.7.2": "Multi-frame Secondary Capture, grey, 8 bits",
    "1.2.840.10008.5.1.4.1.1.7.3": "Multi-frame Secondary Capture, grey, 16 bits",
    "1.2.840.10008.5.1.4.1.1.7.4": "Multi-frame Secondary Capture, true colour",
}
_ONE_BIT = "1.2.840.10008.5.1.4.1.1.7.1"
_VIDEOS = ("1.2.840.10008.5.1.4.1.1.77.1.4.1", "1.2.840.10008.5.1.4.1.1.77.1.1.1")
_DIRECTORY = "1.2.840.10008.1.3.10"

# what pydicom and the decoders raise on damaged bytes
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    EOFError,
    MemoryError,
    RuntimeError,
    AssertionError,
    struct.error,
    zlib.error,
    UserWarning,
)
_SILENT = logging.CRITICAL + 1  # pydicom would write names and other values of the file into the log
_quiet = threading.Lock()  # filters of warnings belong to the process; two readers must not mix them up


@dataclass(frozen=True, eq=False)
class DicomPicture:
    """Frames of a file, each rows x columns x 3 uint8 RGB, and what the file says about them.

    `profile` is its ICC profile where it has one: pixels are not converted here. `notes` says, for a person, what was
    done to the pixels.
    """

    frames: tuple[Pixels, ...]
    facts: DicomFacts
    notes: tuple[str, ...] = ()
    profile: bytes | None = None


def read_dicom_picture(data: bytes, name: str = tr("the file")) -> DicomPicture:
    """The photograph in the bytes of a DICOM file; `name` stands in messages.

    Read are VL Photographic, VL Endoscopic and Secondary Capture, plain, RLE, JPEG, JPEG-LS and JPEG 2000. Everything
    else, damaged or hostile bytes raise `BadInputError`.
    """
    if not data:
        raise BadInputError(
            tr("{name} is empty (zero bytes)", name=name), remedy=tr("copy it again from where it came from")
        )
    if len(data) > BYTE_LIMIT:
        raise BadInputError(
            tr("{name} is too large ({size:.1f} GB)", name=name, size=len(data) / 1e9),
            remedy=tr("choose a file of at most {most} GB", most=BYTE_LIMIT // 10**9),
        )
    structure = walk(data, name)
    if structure.syntax == DEFLATED:
        raise unreadable(name, tr("is a deflated DICOM file, which is never unpacked: what comes out has no bounds"))
    try:
        with _quiet, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _read(data, structure, name)
    except _damage() as error:
        raise damaged(name, type(error).__name__) from error


def _damage() -> tuple[type[BaseException], ...]:
    """`_DAMAGED` with pydicom's own, which are plain `Exception`s."""
    from pydicom.errors import BytesLengthException, InvalidDicomError

    return (*_DAMAGED, BytesLengthException, InvalidDicomError)


def looks_like_dicom(head: bytes) -> bool:
    """Whether the first 132 bytes of a file are those of a DICOM file."""
    return head[128:132] == b"DICM"


def _read(data: bytes, structure: Structure, name: str) -> DicomPicture:
    from pydicom import dcmread

    logging.getLogger("pydicom").setLevel(_SILENT)  # after the import, which sets it
    dataset = dcmread(io.BytesIO(data), stop_before_pixels=True)
    kind = _kind(dataset, name)
    layout = _layout(dataset)
    if structure.pixels is None and not structure.fragments:
        raise damaged(name, tr("it holds no pixels"))
    check_layout(layout, structure.syntax, name)
    facts = facts_of(dataset, kind)
    return DicomPicture(
        frames_of(data, structure, layout, name), facts, tuple(_notes(layout, facts)), _profile(dataset)
    )


def _kind(dataset: Dataset, name: str) -> str:
    from pydicom.uid import UID

    uid = str(dataset.get("SOPClassUID", ""))
    if uid in PHOTOGRAPHS:
        return PHOTOGRAPHS[uid]
    meta = str(dataset.file_meta.get("MediaStorageSOPClassUID", ""))
    if _DIRECTORY in (uid, meta):
        raise no_picture(name, tr("is the directory of a disc (DICOMDIR), not a picture"))
    if uid in _VIDEOS:
        raise no_picture(name, tr("is a video, which is not read from DICOM"))
    if uid == _ONE_BIT:
        raise no_picture(name, tr("holds black and white only (single bit), not a photograph"))
    known = UID(uid[:64])
    what = known.name if uid and known.name != uid else tr("DICOM of a kind that is not known")
    raise no_picture(name, tr("is no photograph but {what}", what=what))


def _layout(dataset: Dataset) -> Layout:
    frames = dataset.get("NumberOfFrames")
    return Layout(
        rows=_number(dataset, "Rows"),
        columns=_number(dataset, "Columns"),
        frames=1 if frames in (None, "") else int(frames),
        samples=_number(dataset, "SamplesPerPixel"),
        photometric=str(dataset.get("PhotometricInterpretation", "")).strip().upper()[:16],
        allocated=_number(dataset, "BitsAllocated"),
        stored=_number(dataset, "BitsStored"),
        planar=_number(dataset, "PlanarConfiguration"),
        signed=bool(_number(dataset, "PixelRepresentation")),
    )


def _number(dataset: Dataset, keyword: str) -> int:
    """0 where it is missing; `ValueError` or `TypeError` where it is no single number."""
    value: Any = dataset.get(keyword)
    return 0 if value is None else int(value)


def _notes(layout: Layout, facts: DicomFacts) -> list[str]:
    notes = []
    if layout.samples == 1:
        notes.append(tr("greyscale: one channel copied to three"))
    if layout.stored != 8:
        notes.append(tr("{stored} bits scaled to 8 bits", stored=layout.stored))
    if layout.frames > 1:
        notes.append(tr("{frames} pictures in the file", frames=layout.frames))
    if facts.burned_in:
        notes.append(tr("the file says that words are drawn into the picture; they may name the patient"))
    if facts.derived:
        notes.append(tr("the file says that the picture was made from another one; it may be drawn over"))
    return notes


def _profile(dataset: Dataset) -> bytes | None:
    profile = dataset.get("ICCProfile")
    return profile if isinstance(profile, bytes) and 128 <= len(profile) <= PROFILE_LIMIT else None
