"""Heads of packed frames, looked at before a decoder is: a few bytes there can ask for hours or for all memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pfm_desktop.interop.dicom.refusals import damaged, unreadable
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

SCANS = 8  # of a JPEG, with those of a thumbnail; each goes once over the whole picture
TILES, LAYERS = 4_096, 256  # of a JPEG 2000
JPEG_2000_LIMIT = 40_000_000  # pixels; the decoder takes some 19 bytes for each, however small the file
PRECINCTS = 100_000  # of a JPEG 2000
_BLOCK = 2  # smallest code block of a JPEG 2000: an exponent, written less 2, so 16 pixels
_SOT, _SOD, _COD, _COC, _POC = 0x90, 0x93, 0x52, 0x53, 0x5F


@dataclass(frozen=True)
class Layout:
    """What the head declares of the pixels. `planar` is 1 where each channel comes whole."""

    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    allocated: int
    stored: int
    planar: int
    signed: bool

    @property
    def frame_bytes(self) -> int:
        """Of one frame, unpacked."""
        return self.rows * self.columns * self.samples * (self.allocated // 8)


def check_jpeg(packed: bytes, kinds: tuple[int, ...], layout: Layout, name: str) -> None:
    """Look for the frame header of a JPEG or JPEG-LS stream: its kind, its scans, and the size it declares."""
    at = 2
    while packed[:2] == b"\xff\xd8" and at + 9 < len(packed) and packed[at] == 0xFF:
        kind, length = packed[at + 1], _number(packed, at + 2, 2)
        if (0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC)) or kind == 0xF7:
            bits, parts = packed[at + 4], packed[at + 9]
            if kind not in kinds or bits > 8:
                raise unreadable(name, tr("is packed as a kind of JPEG that is not read"))
            if (_number(packed, at + 7, 2), _number(packed, at + 5, 2), parts) != _declared(layout):
                raise other_picture(name)
            if packed.count(b"\xff\xda") > SCANS:
                raise damaged(name, tr("its packed pixels come in more scans than any picture"))
            return
        at += 1 if kind == 0xFF else 2 + length
    raise damaged(name, tr("its packed pixels are no JPEG"))


def check_jpeg_2000(packed: bytes, layout: Layout, name: str) -> None:
    """Size, parts, tiles and how finely they are cut."""
    if packed[:4] != b"\xff\x4f\xff\x51" or len(packed) < 42 + 3 * layout.samples:
        raise damaged(name, tr("its packed pixels are no JPEG 2000"))
    x1, y1, x0, y0, tile_x, tile_y = (_number(packed, at, 4) for at in range(8, 32, 4))
    parts = _number(packed, 40, 2)
    if (x1 - x0, y1 - y0, parts) != _declared(layout) or not tile_x or not tile_y:
        raise other_picture(name)
    if layout.rows * layout.columns > JPEG_2000_LIMIT:
        raise unreadable(
            name,
            tr("is a JPEG 2000 of more than {megapixels} megapixels", megapixels=JPEG_2000_LIMIT // 1_000_000),
        )
    if any(packed[at : at + 3] != b"\x07\x01\x01" for at in range(42, 42 + 3 * parts, 3)):
        raise unreadable(name, tr("is a JPEG 2000 with bits or subsampled colours that are not read"))
    if (layout.rows // tile_y + 1) * (layout.columns // tile_x + 1) > TILES:
        raise damaged(name, tr("it is cut into more tiles than any picture"))
    for marker, segment in _segments(packed):
        if marker == _POC or (marker in (_COD, _COC) and _too_fine(segment, marker, layout)):
            raise damaged(name, tr("it is cut more finely than any picture"))


def other_picture(name: str) -> BadInputError:
    """Refusal of a stream that holds something else than its head says."""
    return damaged(name, tr("its packed pixels are of another size or colour than its head says"))


def _declared(layout: Layout) -> tuple[int, int, int]:
    return layout.columns, layout.rows, layout.samples


def _number(packed: bytes, at: int, size: int) -> int:
    return int.from_bytes(packed[at : at + size], "big")


def _segments(packed: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers (second byte) of a JPEG 2000 stream, in the main and the tiles' heads, each with its content."""
    at, tile = 2, 0
    while at + 4 <= len(packed) and packed[at] == 0xFF:
        marker = packed[at + 1]
        if marker == _SOD:
            length = _number(packed, tile + 6, 4)
            if length < at - tile:  # 0 is: up to the end
                return
            at = tile + length
            continue
        if marker == _SOT:
            tile = at
        length = max(_number(packed, at + 2, 2), 2)
        yield marker, packed[at + 4 : at + 2 + length]
        at += 2 + length


def _too_fine(segment: bytes, marker: int, layout: Layout) -> bool:
    """Of a coding style: layers, code blocks and precincts; cut short counts as too fine."""
    first = 5 if marker == _COD else 2  # where the number of levels stands
    if len(segment) < first + 5:
        return True
    layers = _number(segment, 2, 2) if marker == _COD else 1
    if layers > LAYERS or min(segment[first + 1 : first + 3]) < _BLOCK:
        return True
    if not (segment[0] if marker == _COD else segment[1]) & 1:
        return False  # precincts are as large as can be
    levels, sizes = segment[first], segment[first + 5 :]
    return len(sizes) <= levels or _precincts(sizes[: levels + 1], layout) > PRECINCTS


def _precincts(sizes: bytes, layout: Layout) -> int:
    """Of all levels, the smallest picture first; `sizes` hold two exponents each."""
    count = 0
    for level, size in enumerate(sizes):
        halved = len(sizes) - 1 - level
        across, down = (layout.columns >> halved >> (size & 15)) + 1, (layout.rows >> halved >> (size >> 4)) + 1
        count += across * down
    return count
