"""A report as Encapsulated PDF (PS3.3 A.45.1)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from pfm_desktop.interop.dicom.codes import PDF_TITLE
from pfm_desktop.interop.dicom.content import Modality, PictureInfo, StudyInfo
from pfm_desktop.interop.dicom.header import begun, coded, date_time, new_object, referenced, research_words
from pfm_desktop.interop.dicom.picture import SOP_CLASS
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pydicom import Dataset

ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
SERIES = 301


def pdf_object(
    study: StudyInfo,
    pdf: bytes,
    *,
    made_at: datetime,
    pictures: tuple[PictureInfo, ...] = (),
    modality: Modality = Modality.PHOTOGRAPHY,
) -> Dataset:
    """A report as it was printed. Raises `BadInputError` for what is no PDF, and in an export for research.

    A page of a report holds names and words of people, which no program can be sure to find: it is never
    de-identified. `modality` is how `pictures` were written.
    """
    if study.de_identified:
        raise BadInputError(
            tr("a report as PDF holds names and cannot go into an export for research"),
            safe=tr("nothing was written"),
            remedy=tr("export the pictures and the structured answer instead"),
        )
    if not pdf.startswith(b"%PDF-"):
        raise BadInputError(tr("this is no PDF"), safe=tr("nothing was written"), remedy=tr("make the report again"))
    dataset = new_object(
        study,
        sop_class=ENCAPSULATED_PDF,
        instance=("pdf", study.visit_id, hashlib.sha256(pdf).hexdigest()),
        series="pdf",
        number=SERIES,
        made_at=made_at,
    )
    del dataset.BodyPartExamined  # of images
    dataset.Modality = "DOC"
    dataset.ConversionType = "WSD"
    dataset.SeriesDescription = research_words("Report")
    dataset.AcquisitionDateTime = begun(study)[0] if study.day_only else date_time(study, study.started_at)
    dataset.BurnedInAnnotation = "YES"  # names are printed on it
    dataset.RecognizableVisualFeatures = "NO"
    dataset.DocumentTitle = research_words(PDF_TITLE.meaning)
    dataset.ConceptNameCodeSequence = [coded(PDF_TITLE)]
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    if pictures:
        dataset.SourceInstanceSequence = [referenced(study, picture, SOP_CLASS[modality]) for picture in pictures]
    dataset.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    dataset.EncapsulatedDocumentLength = len(pdf)
    return dataset
