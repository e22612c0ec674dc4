"""Pixels of a DICOM picture as RGB, after what its head declares was held against limits and against its bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.interop.dicom.read_streams import Layout, check_jpeg, check_jpeg_2000, other_picture
from pfm_desktop.interop.dicom.refusals import damaged, unreadable
from pfm_desktop.interop.dicom.structure import Structure
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

Pixels = NDArray[np.uint8]

PIXEL_LIMIT = 100_000_000  # of all frames together; as for other pictures (imaging/io.py)
SMALLEST_SIDE = 16
FRAME_LIMIT = 2_000
_LONGEST_RUN = 64  # bytes out of one byte, at most: 128 out of two
IMPLICIT, EXPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
PLAIN = (IMPLICIT, EXPLICIT, BIG_ENDIAN)
RLE = "1.2.840.10008.1.2.5"
JPEG = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51")
JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
JPEG_2000 = ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91")
READ = (*PLAIN, RLE, *JPEG, *JPEG_LS, *JPEG_2000)


def check_layout(layout: Layout, syntax: str, name: str) -> None:
    """Raise `BadInputError` for what is too large, too small or not read; nothing was decoded so far."""
    size = tr("{columns} x {rows} pixels", columns=layout.columns, rows=layout.rows)
    if min(layout.rows, layout.columns) < SMALLEST_SIDE:
        raise BadInputError(
            tr("{name} is too small for a picture ({size})", name=name, size=size),
            remedy=tr("choose a picture of at least {smallest} pixels a side, better 1000", smallest=SMALLEST_SIDE),
        )
    if not 1 <= layout.frames <= FRAME_LIMIT or layout.rows * layout.columns * layout.frames > PIXEL_LIMIT:
        raise BadInputError(
            tr(
                "{name} is too large or declares no frames ({frames} frames of {size})",
                name=name,
                frames=layout.frames,
                size=size,
            ),
            remedy=tr(
                "choose a picture of at most {megapixels} megapixels and {most_frames} frames",
                megapixels=PIXEL_LIMIT // 1_000_000,
                most_frames=FRAME_LIMIT,
            ),
        )
    if syntax not in READ:
        raise unreadable(name, tr("is packed in a way that is not read ({syntax})", syntax=syntax_words(syntax)))
    if (layout.samples, layout.photometric) not in _COLOURS:
        raise unreadable(
            name, tr("has colours that are not read ({colours})", colours=layout.photometric or tr("not said"))
        )
    deep = layout.allocated == 16 and layout.samples == 1 and 8 < layout.stored <= 16
    if not (deep or (layout.allocated == 8 and 1 <= layout.stored <= 8)) or layout.signed:
        raise unreadable(
            name,
            tr(
                "has {stored} of {allocated} bits in a form that is not read",
                stored=layout.stored,
                allocated=layout.allocated,
            ),
        )


def frames_of(data: bytes, structure: Structure, layout: Layout, name: str) -> tuple[Pixels, ...]:
    """The frames of a file that `check_layout` let pass, each rows x columns x 3 uint8 RGB."""
    if structure.syntax in PLAIN:
        return tuple(_plain_frames(data, structure, layout, name))
    decode = _decoder(structure.syntax)
    return tuple(decode(packed, layout, name) for packed in _packed_frames(data, structure, layout, name))


def syntax_words(syntax: str) -> str:
    """Name of a transfer syntax, as far as it has one."""
    from pydicom.uid import UID

    known = UID(syntax[:64])
    return known.name if known.is_transfer_syntax else tr("transfer syntax {syntax!r}", syntax=syntax[:64])


_COLOURS = frozenset((
    (1, "MONOCHROME1"), (1, "MONOCHROME2"), (3, "RGB"), (3, "YBR_FULL"), (3, "YBR_FULL_422"), (3, "YBR_ICT"),
    (3, "YBR_RCT"),
))  # fmt: skip


def _plain_frames(data: bytes, structure: Structure, layout: Layout, name: str) -> Iterator[Pixels]:
    span, size = structure.pixels, layout.frame_bytes
    if layout.photometric == "YBR_FULL_422":
        raise unreadable(name, tr("holds subsampled colours without a packing, which are not read"))
    if span is None or not 0 <= span.end - span.start - size * layout.frames <= 1:
        raise damaged(name, tr("its pixels are not as many as its head says"))
    swapped = structure.syntax == BIG_ENDIAN
    for number in range(layout.frames):
        start = span.start + number * size
        yield _as_rgb(data[start : start + size], layout, layout.planar, ">" if swapped else "<")


def _packed_frames(data: bytes, structure: Structure, layout: Layout, name: str) -> Iterator[bytes]:
    """One a fragment, or all fragments one frame, or as the offset table says."""
    table, *parts = structure.fragments or (None,)
    if table is None or not parts:
        raise damaged(name, tr("its packed pixels are missing"))
    if layout.frames == 1:
        groups = [parts]
    elif len(parts) == layout.frames:
        groups = [[part] for part in parts]
    else:
        offsets = np.frombuffer(data[table.start : table.end - (table.end - table.start) % 4], "<u4").tolist()
        starts = {part.start - 8 - parts[0].start + 8: index for index, part in enumerate(parts)}
        if len(offsets) != layout.frames or any(offset not in starts for offset in offsets):
            raise damaged(name, tr("its frames cannot be told apart"))
        firsts = [starts[offset] for offset in offsets]
        groups = [parts[a:b] for a, b in zip(firsts, [*firsts[1:], len(parts)], strict=True)]
    for group in groups:
        packed = b"".join(data[part.start : part.end] for part in group)
        if len(packed) > 2 * layout.frame_bytes + 65_536:
            raise damaged(name, tr("a frame takes far more room than it would unpacked"))
        yield packed


def _decoder(syntax: str) -> Callable[[bytes, Layout, str], Pixels]:
    if syntax == RLE:
        return _rle
    if syntax in JPEG:
        return _jpeg
    return _jpeg_2000 if syntax in JPEG_2000 else _jpeg_ls


def _as_rgb(raw: bytes | NDArray[np.uint8], layout: Layout, planar: int, order: str = "<") -> Pixels:
    """One unpacked frame: channels interleaved, to 8 bits, to RGB."""
    values = np.frombuffer(raw, np.uint8 if layout.allocated == 8 else np.dtype(f"{order}u2"))
    if layout.samples == 1:
        return _grey(values.reshape(layout.rows, layout.columns), layout)
    if planar == 1:
        values = np.moveaxis(values.reshape(3, layout.rows, layout.columns), 0, 2)
    values = values.reshape(layout.rows, layout.columns, 3)
    if layout.photometric.startswith("YBR_FULL"):
        from PIL import Image

        return np.asarray(Image.frombytes("YCbCr", values.shape[1::-1], values.tobytes()).convert("RGB")).copy()
    return np.ascontiguousarray(_eight_bits(values, layout.stored))


def _grey(values: NDArray[np.uint8] | NDArray[np.uint16], layout: Layout) -> Pixels:
    grey = _eight_bits(values, layout.stored)
    if layout.photometric == "MONOCHROME1":
        grey = 255 - grey
    return np.ascontiguousarray(np.repeat(grey[:, :, None], 3, axis=2))


def _eight_bits(values: NDArray[np.uint8] | NDArray[np.uint16], stored: int) -> Pixels:
    """Over the full range of the stored bits, whatever the picture's own maximum."""
    if stored == 8 and values.dtype == np.uint8:
        return np.asarray(values, np.uint8)
    most = (1 << stored) - 1
    return np.round(np.minimum(values, most) * (255 / most)).astype(np.uint8)


def _rle(packed: bytes, layout: Layout, name: str) -> Pixels:
    """PS3.5 Annex G; never unpacks more than the frame."""
    planes = layout.samples * (layout.allocated // 8)
    heads = np.frombuffer(packed[:64], "<u4").tolist() if len(packed) >= 64 else [0]
    size = layout.rows * layout.columns
    if heads[0] != planes or any(not 64 <= at <= len(packed) for at in heads[1 : planes + 1]):
        raise damaged(name, tr("the packing of its pixels is broken"))
    ends = [*heads[2 : planes + 1], len(packed)]
    unpacked = [_segment(packed[a:b], size, name) for a, b in zip(heads[1 : planes + 1], ends, strict=True)]
    if layout.allocated == 16:  # the upper bytes come first
        return _as_rgb(np.frombuffer(unpacked[1] + unpacked[0], np.uint8).reshape(2, size).T.tobytes(), layout, 0)
    return _as_rgb(b"".join(unpacked), layout, 1)


def _segment(packed: bytes, size: int, name: str) -> bytes:
    """`size` bytes out of runs: PackBits, which Pillow unpacks (Python itself would take seconds), and no further."""
    from PIL import Image

    if size > len(packed) * _LONGEST_RUN:
        raise damaged(name, tr("its packed pixels end too early"))
    try:
        return Image.frombytes("L", (size, 1), packed, "packbits", "L").tobytes()
    except ValueError as error:
        raise damaged(name, tr("its packed pixels end too early")) from error


def _jpeg(packed: bytes, layout: Layout, name: str) -> Pixels:
    from PIL import Image

    check_jpeg(packed, (0xC0, 0xC1), layout, name)
    with Image.open(io.BytesIO(packed), formats=("JPEG",)) as image:
        if image.size != (layout.columns, layout.rows) or image.mode != ("L" if layout.samples == 1 else "RGB"):
            raise other_picture(name)
        raw = layout.photometric == "RGB" and "adobe_transform" not in image.info
        if raw:  # Pillow would take it for YCbCr and convert it
            image.draft("YCbCr", image.size)
        values = np.asarray(image)
    return _grey(values, layout) if layout.samples == 1 else np.ascontiguousarray(values)


def _jpeg_2000(packed: bytes, layout: Layout, name: str) -> Pixels:
    from PIL import Image

    check_jpeg_2000(packed, layout, name)
    if layout.stored != 8 or layout.photometric.startswith("YBR_FULL"):
        raise unreadable(name, tr("is a JPEG 2000 with bits or colours that are not read"))
    with Image.open(io.BytesIO(packed), formats=("JPEG2000",)) as image:
        if image.size != (layout.columns, layout.rows) or image.mode != ("L" if layout.samples == 1 else "RGB"):
            raise other_picture(name)
        values = np.asarray(image)
    return _grey(values, layout) if layout.samples == 1 else np.ascontiguousarray(values)


def _jpeg_ls(packed: bytes, layout: Layout, name: str) -> Pixels:
    from pydicom.encaps import encapsulate
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    check_jpeg(packed, (0xF7,), layout, name)
    if layout.allocated != 8 or layout.photometric.startswith("YBR"):
        raise unreadable(name, tr("is a JPEG-LS with bits or colours that are not read"))
    decoder: Any = get_decoder(UID(JPEG_LS[0]))
    values, _facts = decoder.as_array(
        encapsulate([packed]),
        raw=True,
        index=0,
        rows=layout.rows,
        columns=layout.columns,
        number_of_frames=1,
        samples_per_pixel=layout.samples,
        photometric_interpretation=layout.photometric,
        bits_allocated=8,
        bits_stored=layout.stored,
        pixel_representation=0,
        planar_configuration=layout.planar,
        pixel_keyword="PixelData",
        transfer_syntax_uid=UID(JPEG_LS[0]),
    )
    return _as_rgb(np.asarray(values, np.uint8).tobytes(), layout, 0)
