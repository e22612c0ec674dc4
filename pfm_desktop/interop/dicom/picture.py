"""A still as VL Photographic or VL Endoscopic Image (PS3.3 A.32.4, A.32.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.capture import Acquisition
from pfm_desktop.domain.prediction import BANNER_ENGLISH as BANNER
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.interop.dicom import codes
from pfm_desktop.interop.dicom.codes import Code
from pfm_desktop.interop.dicom.content import Modality, PictureInfo, StudyInfo
from pfm_desktop.interop.dicom.header import (
    coded,
    date_time,
    day_and_time,
    new_object,
    one_line,
    person,
    referenced,
)
from pfm_desktop.interop.dicom.uids import picture_keys
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pydicom import Dataset

Pixels = NDArray[np.uint8]

PHOTOGRAPHIC = "1.2.840.10008.5.1.4.1.1.77.1.4"
ENDOSCOPIC = "1.2.840.10008.5.1.4.1.1.77.1.1"
SOP_CLASS = {Modality.PHOTOGRAPHY: PHOTOGRAPHIC, Modality.ENDOSCOPY: ENDOSCOPIC}
JPEG_METHOD = "ISO_10918_1"


def picture_object(
    study: StudyInfo,
    picture: PictureInfo,
    pixels: Pixels,
    *,
    partner: PictureInfo | None = None,
    modality: Modality = Modality.PHOTOGRAPHY,
) -> Dataset:
    """A still with its pixels, H x W x 3 uint8 sRGB; `partner` is the picture of the other source that it is read with.

    Raises `BadInputError` where the pixels are not those of `picture`.
    """
    if pixels.dtype != np.uint8 or pixels.shape != (picture.height, picture.width, 3):
        raise BadInputError(
            tr(
                "the pixels ({shape}, {kind}) are not those of a picture of {width} x {height}",
                shape=" x ".join(map(str, pixels.shape)),
                kind=pixels.dtype,
                width=picture.width,
                height=picture.height,
            ),
            safe=tr("nothing was written"),
            remedy=tr("read the picture again"),
        )
    dataset = picture_header(study, picture, partner=partner, modality=modality)
    add_pixels(dataset, pixels)
    return dataset


def picture_header(
    study: StudyInfo,
    picture: PictureInfo,
    *,
    partner: PictureInfo | None = None,
    modality: Modality = Modality.PHOTOGRAPHY,
) -> Dataset:
    """All of it but the pixels: what other objects need to refer to it."""
    dataset = new_object(
        study,
        sop_class=SOP_CLASS[modality],
        instance=picture_keys(picture.id, picture.stage.value),
        series=f"{modality.value} {picture.stage.value}",
        number=1 + list(Stage).index(picture.stage),
        made_at=picture.taken_at,
    )
    dataset.Modality = modality.value
    dataset.SeriesDescription = series_words(picture.stage)
    dataset.InstanceNumber = picture.number
    if study.examiner and not study.de_identified:
        dataset.PerformingPhysicianName = person(study.examiner)
    _device(dataset, picture)
    _moment(dataset, study, picture)
    _image(dataset, picture)
    dataset.AcquisitionContextSequence = [*_context(picture), *_camera(picture.acquisition or Acquisition())]
    dataset.AnatomicRegionSequence = [coded(codes.CERVIX)]
    if partner is not None:
        dataset.ReferencedImageSequence = [referenced(study, partner, SOP_CLASS[modality], codes.PARTNER)]
    return dataset


def series_words(stage: Stage) -> str:
    """`White light, acetic acid`; one Series for each source and stage."""
    source = "White light" if stage.source is Source.WHITE else "Fluorescence"
    return f"{source}, {stage.english}"


def add_pixels(dataset: Dataset, pixels: Pixels) -> None:
    """Pixel data, H x W x 3 uint8 sRGB, as they are, with the profile that says so."""
    dataset.SamplesPerPixel = 3
    dataset.PhotometricInterpretation = "RGB"
    dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    dataset.PixelRepresentation = 0
    dataset.ICCProfile = srgb_profile()
    dataset.ColorSpace = "SRGB"
    data = np.ascontiguousarray(pixels).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB"


def srgb_profile() -> bytes:
    """sRGB as an ICC profile of the input class, which PS3.3 C.11.15 asks for; the same bytes every time."""
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[12:16] = b"scnr"
    profile[24:36] = bytes.fromhex("07e8 0001 0001 0000 0000 0000")  # its date: 2024-01-01, not that of the export
    profile[84:100] = bytes(16)  # its own hash, which may be left open
    return bytes(profile)


def _device(dataset: Dataset, picture: PictureInfo) -> None:
    if picture.device:
        dataset.ManufacturerModelName = one_line(picture.device)
    if picture.device_serial:
        dataset.DeviceSerialNumber = one_line(picture.device_serial)


def _moment(dataset: Dataset, study: StudyInfo, picture: PictureInfo) -> None:
    """A moment at which a picture was only added to the library is not given out as the one it was taken.

    Content Time is of type 1C: where nobody knows the time of the visit either, day and time are not there.
    """
    if picture.time_known:
        dataset.AcquisitionDateTime = date_time(study, picture.taken_at)
        dataset.AcquisitionDate, dataset.AcquisitionTime = day_and_time(study, picture.taken_at)
    elif study.day_only:
        del dataset.ContentDate, dataset.ContentTime
    else:
        dataset.ContentDate, dataset.ContentTime = day_and_time(study, study.started_at)


def _image(dataset: Dataset, picture: PictureInfo) -> None:
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.PatientOrientation = ["L", "P"]  # clinical.md 3.4: 12 o'clock up, the patient's left to the right
    if picture.burned_in is not None:
        dataset.BurnedInAnnotation = "YES" if picture.burned_in else "NO"
    dataset.ImageComments = BANNER
    dataset.LossyImageCompression = "00" if picture.lossy_ratio is None else "01"
    if picture.lossy_ratio:
        dataset.LossyImageCompressionRatio = f"{picture.lossy_ratio:.1f}"
        dataset.LossyImageCompressionMethod = JPEG_METHOD


def _context(picture: PictureInfo) -> list[Dataset]:
    said = codes.STAGE[picture.stage]
    items = [] if said.substance is None else [_coded_fact(codes.EXOGENOUS_SUBSTANCE, said.substance)]
    named = picture.acquisition is not None and one_line(picture.acquisition.filter)
    if not (named and said.filter == codes.NO_FILTER):  # the device says that there is one
        items.append(_coded_fact(codes.FILTER, said.filter))
    items.append(_coded_fact(codes.ILLUMINATION, said.illumination))
    if picture.seconds_since_acid is not None:
        items.append(_number(codes.SECONDS_SINCE_ACID, picture.seconds_since_acid, codes.SECOND))
    if picture.mm_per_px is not None:
        items.append(_number(codes.PIXEL_SIZE, picture.mm_per_px, codes.MILLIMETRE))
    return items


def _camera(how: Acquisition) -> list[Dataset]:
    """What the camera and its light were set to, as far as they said it."""
    numbers = (
        (codes.EXCITATION, how.excitation_nm, codes.NANOMETRE),
        (codes.EXPOSURE, how.exposure_ms, codes.MILLISECOND),
        (codes.GAIN, how.gain, codes.ONE),
        (codes.WHITE_BALANCE, how.white_balance_k, codes.KELVIN),
        (codes.PAIR_GAP, how.gap_s, codes.SECOND),
    )
    words = ((codes.FILTER_NAME, one_line(how.filter)), (codes.POLARISER, one_line(how.polariser)))
    items = [_number(name, value, unit) for name, value, unit in numbers if value is not None]
    return items + [_text_fact(name, text) for name, text in words if text]


def _text_fact(name: Code, text: str) -> Dataset:
    from pydicom import Dataset

    item = Dataset()
    item.ValueType = "TEXT"
    item.ConceptNameCodeSequence = [coded(name)]
    item.TextValue = text
    return item


def _coded_fact(name: Code, value: Code) -> Dataset:
    from pydicom import Dataset

    item = Dataset()
    item.ValueType = "CODE"
    item.ConceptNameCodeSequence = [coded(name)]
    item.ConceptCodeSequence = [coded(value)]
    return item


def _number(name: Code, value: float, unit: Code) -> Dataset:
    from pydicom import Dataset

    item = Dataset()
    item.ValueType = "NUMERIC"
    item.ConceptNameCodeSequence = [coded(name)]
    item.NumericValue = f"{value:.6g}"
    item.MeasurementUnitsCodeSequence = [coded(unit)]
    return item
