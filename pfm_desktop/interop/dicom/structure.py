"""The structure of a DICOM file, walked before anything is decoded: every length against the size of the file.

What comes in may be anything. The walk takes no memory for what a length promises, goes no deeper than `DEEPEST`, and
ends; only what it has passed is given to pydicom.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pfm_desktop.interop.dicom.refusals import damaged, no_picture
from pfm_desktop.support.language import tr

DEEPEST = 16  # sequences within sequences
MOST_ELEMENTS = 200_000
UNDEFINED = 0xFFFFFFFF
PIXEL_DATA = 0x7FE00010
_HEAD = 132  # bytes of preamble and "DICM"
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LONG = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_SHORT = frozenset((
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS",
    b"ST", b"TM", b"UI", b"UL", b"US",
))  # fmt: skip
_IMPLICIT, _BIG_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"
_SYNTAX_TAG = 0x00020010


@dataclass(frozen=True)
class Span:
    """Bytes of the file from `start` up to `end`."""

    start: int
    end: int


@dataclass(frozen=True)
class Structure:
    """`pixels` is the plain pixel data; of packed ones `fragments` holds the parts, the offset table first."""

    syntax: str
    pixels: Span | None
    fragments: tuple[Span, ...]


@dataclass
class _Walk:
    data: bytes
    name: str
    implicit: bool = False
    order: str = "little"
    elements: int = 0
    pixels: Span | None = None
    fragments: list[Span] = field(default_factory=list)

    def number(self, at: int, size: int) -> int:
        """Unsigned number; `BadInputError` beyond the end."""
        if at + size > len(self.data):
            raise damaged(self.name, tr("it ends in the middle of an element"))
        return int.from_bytes(self.data[at : at + size], "big" if self.order == "big" else "little")

    def tag(self, at: int) -> int:
        """Group and element as one number."""
        return self.number(at, 2) << 16 | self.number(at + 2, 2)

    def count(self) -> None:
        """One more element or item."""
        self.elements += 1
        if self.elements > MOST_ELEMENTS:
            raise damaged(self.name, tr("it holds more elements than any picture"))


def walk(data: bytes, name: str) -> Structure:
    """Structure of the bytes of a file; `BadInputError` for what is no DICOM file, cut short or out of order."""
    if len(data) < _HEAD or data[_HEAD - 4 : _HEAD] != b"DICM":
        raise no_picture(name, tr("is no DICOM file"))
    at, syntax = _meta(_Walk(data, name))
    walking = _Walk(data, name, syntax == _IMPLICIT, "big" if syntax == _BIG_ENDIAN else "little")
    if syntax != "1.2.840.10008.1.2.1.99":  # deflated: refused by the reader, never inflated
        _elements(walking, at, len(data), 0, walking.implicit)
    return Structure(syntax, walking.pixels, tuple(walking.fragments))


def _meta(walking: _Walk) -> tuple[int, str]:
    """Where the data set begins, and the transfer syntax."""
    at, syntax, data = _HEAD, "", walking.data
    while at + 8 <= len(data) and walking.number(at, 2) == 2:
        walking.count()
        tag, (start, length, _vr) = walking.tag(at), _element_head(walking, at, implicit=False)
        end = start + length
        if length == UNDEFINED or end > len(data):
            raise damaged(walking.name, tr("its head is longer than the file"))
        if tag == _SYNTAX_TAG:
            syntax = data[start:end].decode("ascii", "replace").strip("\0 ")
        at = end
    if not syntax:
        raise damaged(walking.name, tr("its head does not say how it is written"))
    return at, syntax


def _element_head(walking: _Walk, at: int, *, implicit: bool) -> tuple[int, int, bytes]:
    """Start of the value, its length, and its representation (b"" where implicit)."""
    if implicit:
        return at + 8, walking.number(at + 4, 4), b""
    representation = walking.data[at + 4 : at + 6]
    if representation in _LONG:
        return at + 12, walking.number(at + 8, 4), representation
    if representation not in _SHORT:
        raise damaged(walking.name, tr("an element in it is of no known kind"))
    return at + 8, walking.number(at + 6, 2), representation


def _elements(walking: _Walk, at: int, end: int, depth: int, implicit: bool) -> int:
    """Walk elements up to `end`, or in an item of undefined length (`end` is -1) to its delimiter; where it stopped."""
    before = -1
    while end < 0 or at < end:
        tag = walking.tag(at)
        if end < 0 and tag == _ITEM_END:
            return at + 8
        if tag <= before:
            raise damaged(walking.name, tr("its elements are out of order, or one is there twice"))
        before = tag
        at = _element(walking, tag, at, end, depth, implicit)
    return at


def _element(walking: _Walk, tag: int, at: int, end: int, depth: int, implicit: bool) -> int:
    walking.count()
    start, length, representation = _element_head(walking, at, implicit=implicit)
    if length != UNDEFINED:
        stop = start + length
        if stop > (len(walking.data) if end < 0 else end):
            raise damaged(walking.name, tr("an element in it is longer than what is left of the file"))
        if representation == b"SQ":
            _items(walking, start, stop, depth, implicit)
        if tag == PIXEL_DATA and depth == 0:
            walking.pixels = Span(start, stop)
        return stop
    if tag == PIXEL_DATA:
        return _fragments(walking, start, keep=depth == 0)
    if representation not in (b"", b"SQ", b"UN"):
        raise damaged(walking.name, tr("an element in it has no length"))
    return _items(walking, start, -1, depth, implicit or representation == b"UN")


def _items(walking: _Walk, at: int, end: int, depth: int, implicit: bool) -> int:
    if depth >= DEEPEST:
        raise damaged(walking.name, tr("its sequences are more than {deepest} deep", deepest=DEEPEST))
    while end < 0 or at < end:
        walking.count()
        tag, length = walking.tag(at), walking.number(at + 4, 4)
        if end < 0 and tag == _SEQUENCE_END:
            return at + 8
        if tag != _ITEM:
            raise damaged(walking.name, tr("a sequence in it is broken"))
        stop = -1 if length == UNDEFINED else at + 8 + length
        if stop > (len(walking.data) if end < 0 else end):
            raise damaged(walking.name, tr("an item in it is longer than what is left of the file"))
        at = _elements(walking, at + 8, stop, depth + 1, implicit)
    return at


def _fragments(walking: _Walk, at: int, *, keep: bool) -> int:
    while True:
        walking.count()
        tag, length = walking.tag(at), walking.number(at + 4, 4)
        if tag == _SEQUENCE_END:
            return at + 8
        stop = at + 8 + length
        if tag != _ITEM or length == UNDEFINED or stop > len(walking.data):
            raise damaged(walking.name, tr("its packed pixels are cut short"))
        if keep:
            walking.fragments.append(Span(at + 8, stop))
        at = stop
