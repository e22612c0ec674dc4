"""The pixels of a Pillow picture as an array, without holding the other threads up.

Through numpy's own door Pillow packs all pixels into bytes first, ten times as long, and no other thread gets the
interpreter for most of it: the window stalls. Here its memory is looked at where it lies (Arrow's C data interface,
https://arrow.apache.org/docs/format/CDataInterface.html) and OpenCV copies it.
"""

from __future__ import annotations

import ctypes
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

AT_ONCE = 8 << 20  # bytes: Pillow keeps up to 16 MB in one piece, and only a piece can be looked at
_STORED = 4  # bytes of a stored pixel, whatever the mode: red, green, blue and one that is not used


class _ArrowArray(ctypes.Structure):
    """`struct ArrowArray` of the interface."""


_ArrowArray._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_ArrowArray))),
    ("dictionary", ctypes.POINTER(_ArrowArray)),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]

_pointer_in = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_in.restype = ctypes.c_void_p
_pointer_in.argtypes = (ctypes.py_object, ctypes.c_char_p)


def rgb_pixels(image: Image.Image) -> Pixels:
    """H x W x 3 of a loaded Pillow picture in mode RGB; the array is the caller's own."""
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    rows = max(1, AT_ONCE // (_STORED * width))
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        _copy(image if rows >= height else image.crop((0, top, width, bottom)), pixels[top:bottom])
    return pixels


def _copy(image: Image.Image, out: Pixels) -> None:
    try:
        _schema, capsule = image.__arrow_c_array__()
    except ValueError:  # not in one piece after all
        out[:] = np.asarray(image)
        return
    stored = _stored(capsule, image)
    if stored is None:
        out[:] = np.asarray(image)
    else:
        cv2.cvtColor(stored, cv2.COLOR_RGBA2RGB, dst=out)  # `capsule` keeps the memory until here


def _stored(capsule: Any, image: Image.Image) -> Pixels | None:
    """Pillow's own memory, H x W x 4, valid while `capsule` lives; None where it is laid out in another way."""
    whole = ctypes.cast(_pointer_in(capsule, b"arrow_array"), ctypes.POINTER(_ArrowArray)).contents
    width, height = image.size
    if (whole.length, whole.n_children, whole.offset) != (width * height, 1, 0):
        return None
    values = whole.children[0].contents
    if (values.length, values.n_buffers, values.offset) != (_STORED * width * height, 2, 0) or not values.buffers[1]:
        return None
    memory = ctypes.cast(values.buffers[1], ctypes.POINTER(ctypes.c_uint8))
    return np.ctypeslib.as_array(memory, (height, width, _STORED))
