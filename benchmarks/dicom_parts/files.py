"""Valid DICOM pictures in every way of writing that is read, and some that are refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from pfm_desktop.domain.source import Stage
from pfm_desktop.interop.dicom.content import PictureInfo, StudyInfo
from pfm_desktop.interop.dicom.header import to_bytes
from pfm_desktop.interop.dicom.overlay import overlay_object
from pfm_desktop.interop.dicom.picture import picture_object

Pixels = NDArray[np.uint8]

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
STUDY = StudyInfo("visit", "DEMO-1", "Beispiel", "Anna", date(1980, 1, 2), NOW, "pfm-desktop 0.1.0")
MULTI_FRAME = {1: "1.2.840.10008.5.1.4.1.1.7.2", 2: "1.2.840.10008.5.1.4.1.1.7.3", 3: "1.2.840.10008.5.1.4.1.1.7.4"}


def smooth(width: int = 64, height: int = 48, *, shift: int = 0) -> Pixels:
    """H x W x 3: a soft coloured blob, so that lossy packing changes little."""
    y, x = np.mgrid[:height, :width]
    blob = np.exp(-(((x - width / 2 - shift) / width * 3) ** 2 + ((y - height / 2) / height * 3) ** 2))
    return np.stack([120 + 100 * blob, 60 + 90 * blob, 70 + 60 * (1 - blob)], axis=2).astype(np.uint8)


def plain(pixels: Pixels) -> Dataset:
    """A still of ours."""
    height, width = pixels.shape[:2]
    picture = PictureInfo("picture", Stage.ACETIC_ACID, NOW, width, height, seconds_since_acid=60.0)
    return picture_object(STUDY, picture, pixels)


def overlay(pixels: Pixels) -> Dataset:
    """A heatmap of ours."""
    height, width = pixels.shape[:2]
    picture = PictureInfo("picture", Stage.ACETIC_ACID, NOW, width, height)
    return overlay_object(STUDY, (picture,), pixels, made_at=NOW, shows="what speaks for high")


def frames(pixels: list[NDArray[np.uint8] | NDArray[np.uint16]]) -> Dataset:
    """Multi-frame Secondary Capture: true colour, or grey of 8 or 16 bits."""
    dataset = overlay(np.zeros((*pixels[0].shape[:2], 3), np.uint8))
    colour = pixels[0].ndim == 3
    size = pixels[0].dtype.itemsize
    dataset.SOPClassUID = MULTI_FRAME[3 if colour else size]
    dataset.NumberOfFrames = len(pixels)
    if not colour:
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated = dataset.BitsStored = 8 * size
        dataset.HighBit = 8 * size - 1
        del dataset.PlanarConfiguration
    data = b"".join(one.tobytes() for one in pixels)
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB" if size == 1 else "OW"
    return dataset


def written(dataset: Dataset, syntax: UID = ExplicitVRLittleEndian) -> bytes:
    """Bytes in a transfer syntax that needs no packing of pixels."""
    dataset = dcmread(io.BytesIO(to_bytes(dataset)))
    dataset.file_meta.TransferSyntaxUID = syntax
    stream = io.BytesIO()
    dcmwrite(
        stream,
        dataset,
        implicit_vr=syntax.is_implicit_VR,
        little_endian=syntax.is_little_endian,
        enforce_file_format=True,
    )
    return stream.getvalue()


def packed(dataset: Dataset, syntax: UID, parts: list[bytes]) -> bytes:
    """Bytes with packed frames, whoever packed them."""
    dataset = dcmread(io.BytesIO(to_bytes(dataset)))
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PixelData = encapsulate(parts)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    stream = io.BytesIO()
    dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue()


def jpeg(pixels: Pixels, **options: object) -> bytes:
    """A JPEG of a frame."""
    return _saved(pixels, "JPEG", quality=95, **options)


def jpeg_2000(pixels: Pixels) -> bytes:
    """A lossless JPEG 2000 code stream of a frame."""
    return _saved(pixels, "JPEG2000", no_jp2=True, irreversible=False, mct=1 if pixels.ndim == 3 else 0)


def compressed(dataset: Dataset, syntax: UID) -> bytes:
    """As pydicom packs it."""
    dataset = dcmread(io.BytesIO(to_bytes(dataset)))
    dataset.compress(syntax, generate_instance_uid=False)
    stream = io.BytesIO()
    dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue()


def with_photometric(dataset: Dataset, words: str) -> Dataset:
    """The same with other words for its colours."""
    dataset.PhotometricInterpretation = words
    return dataset


def _saved(pixels: Pixels, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


VALID: dict[str, Callable[[], bytes]] = {
    "plain": lambda: written(plain(smooth())),
    "implicit": lambda: written(plain(smooth()), ImplicitVRLittleEndian),
    "big endian": lambda: written(plain(smooth()), ExplicitVRBigEndian),
    "overlay": lambda: written(overlay(smooth())),
    "frames": lambda: written(frames([smooth(), smooth(shift=9)])),
    "grey": lambda: written(frames([smooth()[:, :, 0], smooth()[:, :, 1]])),
    "grey, 16 bits": lambda: written(frames([smooth()[:, :, 0].astype(np.uint16) * 257])),
    "RLE": lambda: compressed(plain(smooth()), RLELossless),
    "RLE frames": lambda: compressed(frames([smooth(), smooth(shift=9)]), RLELossless),
    "JPEG": lambda: packed(with_photometric(plain(smooth()), "YBR_FULL_422"), JPEGBaseline8Bit, [jpeg(smooth())]),
    "JPEG-LS": lambda: compressed(plain(smooth()), JPEGLSLossless),
    "JPEG 2000": lambda: packed(
        with_photometric(plain(smooth()), "YBR_RCT"), JPEG2000Lossless, [jpeg_2000(smooth())]
    ),
    "JPEG 2000 frames": lambda: packed(
        with_photometric(frames([smooth(), smooth(shift=9)]), "YBR_RCT"),
        JPEG2000Lossless,
        [jpeg_2000(smooth()), jpeg_2000(smooth(shift=9))],
    ),
}  # fmt: skip
DEFLATED = DeflatedExplicitVRLittleEndian
