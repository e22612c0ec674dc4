"""Ways to damage a valid DICOM file, from one flipped bit to a head that promises terabytes."""

from __future__ import annotations

import random
import struct

EXTREMES = (0, 1, 2, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF)
LONG = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
_SHORTS = {"rows": (0x28, 0x10), "columns": (0x28, 0x11), "samples": (0x28, 2), "bits": (0x28, 0x100)}


def mutated(data: bytes, chance: random.Random) -> tuple[str, bytes]:
    """What was done, and the damaged bytes; one to three kinds of damage together."""
    done = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        name, damage = chance.choice(KINDS)
        data = damage(data, chance)
        done.append(name)
    return " + ".join(done), data


def _flip(data: bytes, chance: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(chance.choice((1, 2, 8, 64))):
        if out:
            out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def _flip_head(data: bytes, chance: random.Random) -> bytes:
    """In the elements before the pixels, where most of what can go wrong lies."""
    out = bytearray(data)
    end = data.rfind(b"\xe0\x7f\x10\x00")
    for _ in range(chance.choice((1, 2, 4))):
        at = chance.randrange(128, max(end, 129))
        if at < len(out):
            out[at] = chance.randrange(256)
    return bytes(out)


def _lengths(data: bytes, chance: random.Random) -> bytes:
    """Write an extreme length over a place that looks like one."""
    at = chance.randrange(132, max(len(data) - 4, 133))
    marks = [b"SQ\0\0", b"OB\0\0", b"OW\0\0", b"UN\0\0", b"UT\0\0", b"\xfe\xff\x00\xe0", b"LO", b"UI", b"US", b"DA"]
    mark = chance.choice(marks)
    found = data.find(mark, at) if chance.random() < 0.5 else data.find(mark)
    if found < 0:
        return _put(data, at, struct.pack("<I", chance.choice(LONG)))
    if len(mark) == 4:
        return _put(data, found + 4, struct.pack("<I", chance.choice((*LONG, len(data), 1 << 28))))
    return _put(data, found + 2, struct.pack("<H", chance.choice(EXTREMES)))


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))] if data else data


def _double(data: bytes, chance: random.Random) -> bytes:
    """A stretch of the file twice: elements that are there twice, items within items."""
    if len(data) < 200:
        return data
    start = chance.randrange(132, len(data) - 20)
    stretch = data[start : start + chance.choice((8, 20, 64, 400, 4_000))]
    return data[: start + len(stretch)] + stretch * chance.choice((1, 1, 2, 200)) + data[start + len(stretch) :]


def _huge(data: bytes, chance: random.Random) -> bytes:
    """Rows, columns, samples, bits or frames that promise more than there is."""
    name = chance.choice((*_SHORTS, "frames"))
    if name == "frames":
        found = data.find(b"\x28\x00\x08\x00IS")
        return data if found < 0 else _put(data, found + 8, chance.choice((b"99", b"-1", b"0 ", b"1e", b"\xff\xff")))
    tag = struct.pack("<HH", *_SHORTS[name])
    found = data.rfind(tag + b"US")
    return data if found < 0 else _put(data, found + 8, struct.pack("<H", chance.choice((*EXTREMES, 16, 10_000))))


def _packing(data: bytes, chance: random.Random) -> bytes:
    """Size and tables in the head of packed pixels."""
    marks = [b"\xff\xc0", b"\xff\xf7", b"\xff\x51", b"\xff\xc4", b"\xff\x52", b"\xff\xda", b"\xff\xdb", b"\xff\x93"]
    places = [found for mark in marks if (found := data.rfind(mark)) > 132]
    at = chance.choice(places) + chance.randrange(2, 40) if places else chance.randrange(len(data) or 1)
    return _put(data, at, bytes(chance.choice((0, 0xFF, 0x80, chance.randrange(256))) for _ in range(4)))


def _nest(data: bytes, chance: random.Random) -> bytes:
    """Sequences within sequences, thousands deep."""
    deep = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * chance.choice((10, 200, 5_000))
    at = data.find(b"\x08\x00\x18\x22")
    return data[:at] + deep + data[at:] if at > 0 else data


def _syntax(data: bytes, chance: random.Random) -> bytes:
    """Another transfer syntax over the right one."""
    last = chance.choice((b"1.2.5\0", b"1.2.1\0", b"1.2.2\0", b"1.2\0\0\0", b"1.2.1.99", b"1.2.4.50", b"1.2.4.90"))
    found = data.find(b"\x02\x00\x10\x00UI")
    return data if found < 0 else _put(data, found + 8 + len("1.2.840.10008."), last)


def _tags(data: bytes, chance: random.Random) -> bytes:
    """Another kind of value where text stands: a character set, a date, a name."""
    places = [found for key in (b"CS", b"DA", b"PN", b"IS", b"DS", b"TM") if (found := data.find(key)) > 0]
    at = chance.choice(places or [0])
    return _put(data, at, chance.choice((b"SQ", b"UN", b"FD", b"OB", b"AT", b"US", b"IS", b"zz")))


def _put(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


KINDS = (
    ("bits", _flip), ("head", _flip_head), ("head", _flip_head), ("lengths", _lengths), ("lengths", _lengths),
    ("cut", _cut), ("doubled", _double), ("huge", _huge), ("packing", _packing), ("packing", _packing),
    ("nested", _nest), ("syntax", _syntax), ("kinds", _tags),
)  # fmt: skip
