"""What Linux says about a video device beside the frames that OpenCV reads: why it cannot be opened, whether it gives
frames at all, its formats, and how far its controls go.

The calls, numbers and structures are those of `linux/videodev2.h`. Each question opens the device for itself and closes
it again; that is allowed while it streams.
"""

from __future__ import annotations

import errno
import os
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pfm_desktop.capture.source import BusyError, CameraError, DeniedError, Format, NoCameraError
from pfm_desktop.support.language import tr

Ioctl = Callable[[int, int, bytearray], object]

_CAPTURE, _MMAP = 1, 1
_CAN_CAPTURE, _HAS_OWN_CAPS = 0x1, 0x80000000
_DISABLED, _READ_ONLY = 0x1, 0x4
_QUERY_CAPABILITIES = 0x80685600
_REQUEST_BUFFERS = 0xC0145608
_QUERY_CONTROL = 0xC0445624
_FORMATS, _SIZES, _INTERVALS = 0xC0405602, 0xC02C564A, 0xC034564B
_DISCRETE = 1
_MOST = 64  # of one list, whatever the driver says

EXPOSURE, GAIN, WHITE_BALANCE, FOCUS = 0x009A0902, 0x00980913, 0x0098091A, 0x009A090A


def node_of(index: int) -> Path:
    """The device of a number."""
    return Path(f"/dev/video{index}")


def why_closed(node: Path, name: str, ioctl: Ioctl | None = None) -> CameraError:
    """Why the camera at `node`, which a person knows by `name`, did not open."""
    try:
        with _opened(node) as device:
            _call(ioctl, device, _REQUEST_BUFFERS, struct.pack("=IIIII", 0, _CAPTURE, _MMAP, 0, 0))
    except OSError as error:
        return _said(error, node, name)
    return CameraError(
        tr("{name} does not give pictures in a form that is read", name=name), remedy=tr("choose another camera")
    )


def _said(error: OSError, node: Path, name: str) -> CameraError:
    if error.errno in {errno.EBUSY, errno.EAGAIN}:
        return BusyError(tr("another program uses {name}", name=name), remedy=tr("close the other program"))
    if error.errno in {errno.EACCES, errno.EPERM}:
        return DeniedError(
            tr("this user may not use {name} ({node})", name=name, node=node),
            remedy=tr("add the user to the group video (sudo usermod -aG video USER), then sign in again"),
        )
    if error.errno in {errno.ENOENT, errno.ENODEV, errno.ENXIO}:
        return NoCameraError(tr("{name} is not there", name=name), remedy=tr("plug it in, and check its cable"))
    return CameraError(
        tr("{name} does not open: {why}", name=name, why=error.strerror or error),
        remedy=tr("unplug it and plug it in again"),
    )


def captures(node: Path, ioctl: Ioctl | None = None) -> bool:
    """Whether frames come from the device; others of the same camera give what was measured, or are outputs."""
    try:
        with _opened(node) as device:
            said = _call(ioctl, device, _QUERY_CAPABILITIES, bytes(104))
    except OSError:
        return False
    of_all, of_this = struct.unpack_from("=II", said, 84)
    return bool((of_this if of_all & _HAS_OWN_CAPS else of_all) & _CAN_CAPTURE)


def range_of(node: Path, control: int, ioctl: Ioctl | None = None) -> tuple[int, int] | None:
    """The least and the most of a control in the driver's unit; None where it is not offered."""
    try:
        with _opened(node) as device:
            said = _call(ioctl, device, _QUERY_CONTROL, struct.pack("=I", control) + bytes(64))
    except OSError:
        return None
    low, high = struct.unpack_from("=ii", said, 40)
    (flags,) = struct.unpack_from("=I", said, 56)
    return (low, high) if low < high and not flags & (_DISABLED | _READ_ONLY) else None


def formats_of(node: Path, ioctl: Ioctl | None = None) -> tuple[Format, ...]:
    """The formats that the driver lists, each with its fastest rate, the largest first; those it gives as ranges are
    left out."""
    try:
        with _opened(node) as device:
            found = {
                (width, height, coding): Format(width, height, _fastest(ioctl, device, fourcc, width, height), coding)
                for fourcc, coding in _codings(ioctl, device)
                for width, height in _sizes(ioctl, device, fourcc)
            }
    except OSError:
        return ()
    return tuple(sorted(found.values(), key=lambda form: (-form.width * form.height, -form.rate, form.coding)))


def _codings(ioctl: Ioctl | None, device: int) -> Iterator[tuple[int, str]]:
    for said in _each(ioctl, device, _FORMATS, lambda index: struct.pack("=II", index, _CAPTURE) + bytes(56)):
        yield struct.unpack_from("=I", said, 44)[0], said[44:48].decode("latin-1").strip("\0 ")


def _sizes(ioctl: Ioctl | None, device: int, fourcc: int) -> Iterator[tuple[int, int]]:
    for said in _each(ioctl, device, _SIZES, lambda index: struct.pack("=II", index, fourcc) + bytes(36)):
        kind, width, height = struct.unpack_from("=III", said, 8)
        if kind == _DISCRETE:
            yield width, height


def _fastest(ioctl: Ioctl | None, device: int, fourcc: int, width: int, height: int) -> float:
    rates = [0.0]
    head = (fourcc, width, height)
    for said in _each(ioctl, device, _INTERVALS, lambda index: struct.pack("=IIII", index, *head) + bytes(36)):
        kind, over, under = struct.unpack_from("=III", said, 16)
        if kind == _DISCRETE and over:
            rates.append(under / over)
    return max(rates)


def _each(ioctl: Ioctl | None, device: int, code: int, asked: Callable[[int], bytes]) -> Iterator[bytes]:
    """The answers for 0, 1, ... until there are no more."""
    with suppress(OSError):
        for index in range(_MOST):
            yield _call(ioctl, device, code, asked(index))


def _call(ioctl: Ioctl | None, device: int, code: int, said: bytes) -> bytes:
    answer = bytearray(said)
    if ioctl is not None:
        ioctl(device, code, answer)
    elif sys.platform != "win32":
        import fcntl

        fcntl.ioctl(device, code, answer)
    return bytes(answer)


@contextmanager
def _opened(node: Path) -> Iterator[int]:
    device = os.open(node, os.O_RDWR | getattr(os, "O_NONBLOCK", 0))
    try:
        yield device
    finally:
        os.close(device)
