"""Joins what `xz` packed apart into one stream, for readers that take no more than one (dpkg). By version 1.2.1 of the
format (https://tukaani.org/xz/xz-file-format.txt): header, blocks, index, footer.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

_END = 12  # bytes of a stream's header, and of its footer
_PIECE = 1 << 20


def join(parts: Sequence[Path], out: Path) -> Path:
    """The blocks of all `parts`, each a stream that `xz` wrote, behind one another, with one index."""
    records: list[bytes] = []
    flags = b""
    with out.open("wb") as joined:
        for part in parts:
            with part.open("rb") as stream:
                header = stream.read(_END)
                if flags and header[6:8] != flags:
                    raise ValueError(f"{part} has other checks than the part before")
                if not flags:
                    joined.write(header)
                flags = header[6:8]
                size = part.stat().st_size
                stream.seek(size - _END)
                index_size = 4 * (struct.unpack("<4xI4x", stream.read(_END))[0] + 1)
                stream.seek(size - _END - index_size)
                records += _records(stream.read(index_size))
                stream.seek(_END)
                left = size - 2 * _END - index_size
                while left:
                    piece = stream.read(min(left, _PIECE))
                    joined.write(piece)
                    left -= len(piece)
        index = b"\0" + _written(len(records)) + b"".join(records)
        index += bytes(-len(index) % 4)
        index += struct.pack("<I", zlib.crc32(index))
        said = struct.pack("<I", len(index) // 4 - 1) + flags
        joined.write(index + struct.pack("<I", zlib.crc32(said)) + said + b"YZ")
    return out


def _records(index: bytes) -> list[bytes]:
    """Of each block, its two sizes as they stand in the index."""
    count, at = _read(index, 1)
    found = []
    for _ in range(count):
        start = at
        for _ in range(2):
            _, at = _read(index, at)
        found.append(index[start:at])
    return found


def _read(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where what follows it begins."""
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _written(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
