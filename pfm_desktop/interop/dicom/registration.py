"""The map between white light and fluorescence as Spatial Registration (PS3.3 C.20.2, PS3.17 O.1)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from pfm_desktop.domain.geometry import Matrix
from pfm_desktop.domain.registration import RegistrationStatus, RegistrationSummary
from pfm_desktop.domain.source import Source
from pfm_desktop.interop.dicom.content import Modality, PictureInfo, StudyInfo
from pfm_desktop.interop.dicom.header import new_object, one_line, referenced, research_words, series_uid
from pfm_desktop.interop.dicom.picture import SOP_CLASS
from pfm_desktop.interop.dicom.uids import digest_of
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pydicom import Dataset

SPATIAL_REGISTRATION = "1.2.840.10008.5.1.4.1.1.66.1"
SERIES = 401
_FLAT = 1e-9  # how far the last row may be from 0 0 1: below, no picture of 100 000 pixels moves by a thousandth
_DS = 16  # characters
_TO = {Source.FLUORESCENCE: "fluorescence", Source.GREEN: "green filter", Source.IODINE: "iodine"}  # 64 characters
_LABELS = {
    Source.FLUORESCENCE: "WHITE_TO_FLUO",
    Source.GREEN: "WHITE_TO_GREEN",
    Source.IODINE: "WHITE_TO_IODINE",
}


def registration_object(
    study: StudyInfo,
    white: PictureInfo,
    fluorescence: PictureInfo,
    summary: RegistrationSummary,
    *,
    made_at: datetime,
    bend_px: float | None = None,
    modality: Modality = Modality.PHOTOGRAPHY,
) -> Dataset:
    """The global part of a registration: a white-light pixel goes to the second picture's coordinates.

    Our pictures have no Frame of Reference: each item refers to its picture, whose coordinates are pixels from the
    centre of the top-left one (PS3.17 O.1), as ours. `bend_px` is how far the full map departs at most from this affine
    one, in fluorescence pixels; the comment says it, or that it is not known. Raises `BadInputError` where there is no
    map that may be used, and for a projective one, which the 4 x 4 matrix cannot hold.
    """
    matrix = _usable(summary, white, fluorescence)
    dataset = new_object(
        study,
        sop_class=SPATIAL_REGISTRATION,
        instance=("registration", white.id, fluorescence.id, digest_of(summary.matrix, bend_px)),
        series="registration",
        number=SERIES,
        made_at=made_at,
    )
    dataset.Modality = "REG"
    second = fluorescence.stage.second or fluorescence.source
    dataset.SeriesDescription = research_words(f"White light to {_TO[second]}")
    dataset.FrameOfReferenceUID = study.uids("frame", fluorescence.id)
    dataset.PositionReferenceIndicator = ""
    dataset.ContentLabel = _LABELS[second]
    dataset.ContentDescription = research_words("Global part of the map")
    dataset.ContentCreatorName = ""
    comment = one_line(_comment(summary, bend_px))
    dataset.RegistrationSequence = [
        _item(study, fluorescence, np.eye(4), modality, "The registered coordinates are this picture's pixels"),
        _item(study, white, matrix, modality, comment),
    ]
    dataset.ReferencedSeriesSequence = _series(study, (white, fluorescence), modality)
    return dataset


def affine_4x4(matrix: Matrix) -> Matrix:
    """The 4 x 4 of a 3 x 3 map of pixels; z stays. Raises `BadInputError` where the 3 x 3 is not affine."""
    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.shape != (3, 3) or not np.isfinite(matrix).all() or abs(matrix[2, 2]) < _FLAT:
        raise _not_affine(tr("is no map of pixels"))
    matrix = matrix / matrix[2, 2]
    if np.abs(matrix[2, :2]).max() > _FLAT:
        raise _not_affine(tr("is projective, not affine"))
    if abs(np.linalg.det(matrix)) < _FLAT:
        raise _not_affine(tr("folds the picture flat"))
    full = np.eye(4)
    full[:2, :2], full[:2, 3] = matrix[:2, :2], matrix[:2, 2]
    return full


def decimal(value: float) -> str:
    """DS, at most 16 characters, as exact as they allow."""
    for digits in range(16, 0, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= _DS:
            return text
    raise ValueError(f"{value} does not fit 16 characters")


def _usable(summary: RegistrationSummary, white: PictureInfo, fluorescence: PictureInfo) -> Matrix:
    if white.source is not Source.WHITE or fluorescence.stage.second is None:
        raise ValueError("a registration goes from a white-light to a fluorescence picture, or one that may lie there")
    if summary.status is RegistrationStatus.REFUSED or summary.for_looking_only:
        raise BadInputError(
            tr("the registration may not be sent: {cause}", cause=summary.cause or tr("it was refused")),
            safe=tr("nothing was written"),
            remedy=tr("register the pair again, or place points by hand"),
        )
    return affine_4x4(np.array(summary.matrix))


def _comment(summary: RegistrationSummary, bend_px: float | None) -> str:
    """At most 64 characters."""
    bend = "bend not known" if bend_px is None else f"full map bends up to {bend_px:.1f} px"
    by = "by hand" if summary.by_hand else "automatic"
    check = ", to be checked" if summary.status is RegistrationStatus.CHECK else ""
    return f"Affine; {bend}; {by}{check}"


def _item(study: StudyInfo, picture: PictureInfo, matrix: Matrix, modality: Modality, comment: str) -> Dataset:
    from pydicom import Dataset

    one = Dataset()
    one.FrameOfReferenceTransformationMatrix = [decimal(float(value)) for value in matrix.ravel()]
    one.FrameOfReferenceTransformationMatrixType = "AFFINE"
    registration = Dataset()
    registration.FrameOfReferenceTransformationComment = one_line(comment)
    registration.RegistrationTypeCodeSequence = []
    registration.MatrixSequence = [one]
    item = Dataset()
    item.ReferencedImageSequence = [referenced(study, picture, SOP_CLASS[modality])]
    item.MatrixRegistrationSequence = [registration]
    return item


def _series(study: StudyInfo, pictures: tuple[PictureInfo, ...], modality: Modality) -> list[Dataset]:
    from pydicom import Dataset

    items = []
    for picture in pictures:
        item = Dataset()
        item.SeriesInstanceUID = series_uid(study, f"{modality.value} {picture.stage.value}")
        item.ReferencedInstanceSequence = [referenced(study, picture, SOP_CLASS[modality])]
        items.append(item)
    return items


def _not_affine(how: str) -> BadInputError:
    return BadInputError(
        tr("the registration {how}, which DICOM's Spatial Registration cannot hold", how=how),
        safe=tr("nothing was written"),
        remedy=tr("register the pair again"),
    )
