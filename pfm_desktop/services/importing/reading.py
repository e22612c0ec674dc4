"""The pictures in an item: one for a picture file, several for a video or a DICOM file; and what each says of itself.

The bytes of a picture are kept as they are. A frame of a video becomes a PNG.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.services.importing.dates import ExifTime
from pfm_desktop.services.importing.found import Item
from pfm_desktop.services.importing.sources import Reader
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import filled, tr

if TYPE_CHECKING:
    from pfm_desktop.imaging.exif import Exif
    from pfm_desktop.imaging.io import Pixels
    from pfm_desktop.imaging.kinds import Kind

EVERY = 10.0  # seconds between the frames that are taken from a video
HEAD_OF_ZIP = 200  # bytes that hold the name of its first entry
LOOKED_AT = 512  # pixels of the longer side to which a picture is made smaller before its colours are looked at
_COLOURS_AT = 128  # of those, enough to tell the colours
_PAGES = "first of {pictures} pictures in the file"  # a note of `imaging.io`
_DOCUMENTS = (".docx", ".docm", ".dotx", ".xlsx", ".xlsm", ".pptx", ".pptm", ".odt", ".ods", ".odp", ".pages", ".epub")
_IN_A_DOCUMENT = (b"[Content_Types].xml", b"mimetypeapplication/", b"_rels/.rels")  # what such a zip begins with
_NOT_READ = tr("choose JPEG, PNG, TIFF, BMP, WebP, HEIC or DICOM pictures, or AVI or MKV videos (MJPG, FFV1)")


@dataclass(frozen=True)
class Record:
    """What a file with a record of its own (DICOM) says of its picture; "" and None for what it does not say."""

    identifier: str = ""
    family_name: str = ""
    given_name: str = ""
    birth_date: date | None = None
    taken_at: datetime | None = None  # aware
    stage: Stage | None = None
    seconds_since_acid: float | None = None
    device: str = ""
    day_only: bool = False  # of `taken_at`
    stage_described: bool = False  # only words for people say the stage, perhaps of the whole examination
    issuer: str = ""  # who gave the identifier
    instance: str = ""  # SOP Instance UID
    burned_in: bool = False  # words are drawn into the picture
    study: str = ""  # Study Instance UID
    no_photograph: str = ""  # "CT of CHEST", where that can be none of a cervix
    male: bool = False  # Patient's Sex
    identity_removed: bool = False  # Patient Identity Removed: the identifier may be a pseudonym


@dataclass(frozen=True)
class RecordedPicture:
    """A picture taken out of such a file: `data` as `imaging.io` decodes it, the same bytes each time."""

    data: bytes
    record: Record


class ReadDicom(Protocol):
    """How DICOM is joined in: the pictures of a file, in order; raises `BadInputError` for what cannot be read."""

    def __call__(self, data: bytes) -> Sequence[RecordedPicture]: ...


@dataclass(frozen=True)
class Seen:
    """What is known of one picture of an item once it was looked at.

    `part` tells several pictures of an item apart: seconds into a video, or the number in a DICOM file; else None.
    `fluorescent`: its colours are those of fluorescence; `in_white_light`: they can only be those of white light.
    """

    sha256: str
    width: int
    height: int
    fluorescent: bool
    device: str = ""
    exif: ExifTime | None = None
    part: float | None = None
    record: Record | None = None
    more: int = 0  # pictures of the file that are not read
    in_white_light: bool = False
    pixels_sha256: str = ""  # see `imaging.pixels`
    cut_short: str = ""  # of the last frame of a video: how much of it is there ("": all)


def look(reader: Reader, item: Item, *, every: float = EVERY, dicom: ReadDicom | None = None) -> Iterator[Seen]:
    """Look at the pictures of an item, one after another; each is decoded. Raises `BadInputError`."""
    kind = _kind(reader, item)
    if kind.is_video:
        yield from _look_at_video(item, every)
        return
    data = reader.read(item)
    if kind.is_picture:
        yield _look_at(data, item)
        return
    for number, found in enumerate(_recorded(data, dicom)):
        yield _look_at(found.data, item, part=float(number), record=found.record)


def _look_at_video(item: Item, every: float) -> Iterator[Seen]:
    """Its frames; each is held back until the next, for only the end says whether the video is whole."""
    from pfm_desktop.imaging.io import encode_png
    from pfm_desktop.imaging.video import Extent, frames

    extents: list[Extent] = []
    last: Seen | None = None
    try:
        for frame in frames(_video_path(item), every=every, ended=extents.append):
            if last is not None:
                yield last
            last = _seen(encode_png(frame.pixels), item, frame.pixels, part=frame.seconds)
    except BadInputError:
        if last is not None:
            yield last
        raise
    if last is not None:
        short = next((one for one in extents if one.cut_short), None)
        said = (
            tr("cut short after {read:.3g} s of {declared:.3g} s", read=short.read, declared=short.declared)
            if short
            else ""
        )
        yield replace(last, cut_short=said)


def bytes_of(reader: Reader, item: Item, part: float | None, *, dicom: ReadDicom | None = None) -> bytes:
    """Bytes to be kept of one picture of an item. Raises `BadInputError`."""
    kind = _kind(reader, item)
    if kind.is_picture:
        return reader.read(item)
    if kind.is_video:
        from pfm_desktop.imaging.io import encode_png

        return encode_png(reader.recording(_video_path(item)).at(part or 0.0).pixels)
    found = reader.taken_apart(item, lambda data: _recorded(data, dicom))
    if not 0 <= int(part or 0) < len(found):
        raise BadInputError(tr("it holds fewer pictures than before"), remedy=tr("choose it again"))
    return found[int(part or 0)].data


def part_name(item: Item, part: float | None) -> str:
    """A picture's name: that of its file, and which of several it is."""
    if part is None:
        return item.file_name
    video = item.file_name.lower().endswith((".avi", ".mkv"))
    return f"{item.file_name} at {part:g} s" if video else f"{item.file_name} ({part + 1:g})"


def try_out(data: bytes, path: Path | None = None) -> None:
    """Read bytes in every way that an import does; `path` is a file with them, as a video needs. For tests."""
    from pfm_desktop.imaging import exif, io, quality, video  # noqa: F401 - loaded before the first picture
    from pfm_desktop.imaging.kinds import HEAD, kind_of

    kind = kind_of(data[:HEAD])
    if kind is not None and kind.is_video and path is not None:
        for _ in video.frames(path, every=0.5):
            pass
        return
    exif.read_exif(data)
    with suppress(BadInputError):
        io.decode_picture(data, "picture", longest=LOOKED_AT)
    io.decode_picture(data, "picture")


def _kind(reader: Reader, item: Item) -> Kind:
    from pfm_desktop.imaging.kinds import HEAD, Kind, kind_of

    if item.size == 0:
        raise BadInputError(tr("it is empty (zero bytes)"), remedy=tr("copy it again from where it came from"))
    kind = kind_of(reader.read(item, most=HEAD))
    if kind is None:
        raise BadInputError(tr("not a picture"), remedy=_NOT_READ)
    if kind is Kind.ZIP and _is_document(reader, item):
        raise BadInputError(tr("a document, not a picture"), remedy=tr("save its pictures as files of their own"))
    if kind is Kind.ZIP:
        raise BadInputError(tr("a zip under another name"), remedy=tr("unpack it first"))
    return kind


def _is_document(reader: Reader, item: Item) -> bool:
    """Whether a zip is a document of Word, Excel or another office program: by its name, or by what it begins with."""
    head = reader.read(item, most=HEAD_OF_ZIP)
    return item.file_name.lower().endswith(_DOCUMENTS) or any(mark in head for mark in _IN_A_DOCUMENT)


def _video_path(item: Item) -> Path:
    if item.entry is not None:
        raise BadInputError(
            tr("a video in a zip cannot be read there"), remedy=tr("unpack it first, then choose its folder")
        )
    return item.path


def _recorded(data: bytes, dicom: ReadDicom | None) -> Sequence[RecordedPicture]:
    if dicom is None:
        raise BadInputError(tr("DICOM is not read here"), remedy=_NOT_READ)
    return dicom(data)


def time_of(exif: Exif) -> ExifTime | None:
    """When a picture says that it was taken, as it stands there."""
    return ExifTime(exif.taken, exif.offset) if exif.taken else None


def _look_at(data: bytes, item: Item, *, part: float | None = None, record: Record | None = None) -> Seen:
    from pfm_desktop.imaging.exif import read_exif
    from pfm_desktop.imaging.io import decode_picture

    found = decode_picture(data, item.file_name)
    pages = next((said for note in found.notes if (said := filled(note, _PAGES))), None)
    exif = read_exif(data)
    taken = time_of(exif)
    device = (record.device if record else "") or exif.device
    seen = _seen(data, item, found.pixels, part=part, record=record, exif=taken, device=device)
    return replace(seen, more=int(pages["pictures"]) - 1) if pages else seen


def _seen(
    data: bytes,
    item: Item,
    pixels: Pixels,
    *,
    part: float | None,
    record: Record | None = None,
    exif: ExifTime | None = None,
    device: str = "",
) -> Seen:
    from pfm_desktop.imaging.compose import fit
    from pfm_desktop.imaging.pixels import pixels_sha256
    from pfm_desktop.imaging.quality import light_of

    height, width = pixels.shape[:2]
    small = fit(pixels, LOOKED_AT)
    step = max(1, max(small.shape[:2]) // _COLOURS_AT)
    light = light_of(small[::step, ::step].copy())
    fluorescent, white = light is Source.FLUORESCENCE, light is Source.WHITE
    digest = hashlib.sha256(data).hexdigest()
    of_pixels = pixels_sha256(pixels)
    return Seen(
        digest, width, height, fluorescent, device, exif, part, record, in_white_light=white, pixels_sha256=of_pixels
    )
