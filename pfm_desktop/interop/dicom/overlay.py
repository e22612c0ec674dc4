"""A heatmap over its picture as Secondary Capture, which every viewer shows (PS3.3 A.8)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from pfm_desktop.domain.prediction import ATTENTION_ENGLISH as ATTENTION
from pfm_desktop.domain.prediction import BANNER_ENGLISH as BANNER
from pfm_desktop.domain.prediction import LIMITS_ENGLISH as ATTENTION_LIMITS
from pfm_desktop.interop.dicom import codes
from pfm_desktop.interop.dicom.content import Modality, PictureInfo, StudyInfo
from pfm_desktop.interop.dicom.header import coded, new_object, one_line, referenced, research_words
from pfm_desktop.interop.dicom.picture import JPEG_METHOD, SOP_CLASS, Pixels, add_pixels

if TYPE_CHECKING:
    from pydicom import Dataset

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
SERIES = 101


def overlay_object(
    study: StudyInfo,
    pictures: tuple[PictureInfo, ...],
    pixels: Pixels,
    *,
    made_at: datetime,
    shows: str,
    modality: Modality = Modality.PHOTOGRAPHY,
) -> Dataset:
    """A heatmap drawn over a picture, H x W x 3 uint8 sRGB; the first of `pictures` is the one below it.

    `pictures` are all that the answer was made from, `modality` is how they were written; `shows` is
    `Prediction.shows_english`, what the heatmap speaks for.
    """
    content = hashlib.sha256(pixels.tobytes()).hexdigest()
    dataset = new_object(
        study,
        sop_class=SECONDARY_CAPTURE,
        instance=("overlay", *(picture.id for picture in pictures), content),
        series="overlay",
        number=SERIES,
        made_at=made_at,
    )
    dataset.Modality = "OT"
    dataset.ConversionType = "WSD"
    dataset.SeriesDescription = research_words(ATTENTION)
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    dataset.PatientOrientation = ["L", "P"]
    if pictures[0].burned_in is not None:
        dataset.BurnedInAnnotation = "YES" if pictures[0].burned_in else "NO"
    dataset.ImageComments = f"{BANNER}. {ATTENTION}: {shows}; {ATTENTION_LIMITS}."
    dataset.DerivationDescription = one_line(f"{ATTENTION} of a network drawn over the picture: {shows}", 1024)
    dataset.DerivationCodeSequence = [coded(codes.HEATMAP_DERIVATION)]
    sources = [referenced(study, picture, SOP_CLASS[modality], codes.SOURCE_IMAGE) for picture in pictures]
    dataset.SourceImageSequence = sources
    dataset.AnatomicRegionSequence = [coded(codes.CERVIX)]
    _lossy(dataset, pictures[0])
    add_pixels(dataset, pixels)
    return dataset


def _lossy(dataset: Dataset, below: PictureInfo) -> None:
    """What was once packed with loss stays so, however often it is drawn over."""
    dataset.LossyImageCompression = "00" if below.lossy_ratio is None else "01"
    if below.lossy_ratio:
        dataset.LossyImageCompressionRatio = f"{below.lossy_ratio:.1f}"
        dataset.LossyImageCompressionMethod = JPEG_METHOD
