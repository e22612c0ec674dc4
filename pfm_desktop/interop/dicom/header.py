"""What all our DICOM objects have in common: patient, study, series, equipment, and the way to bytes."""

from __future__ import annotations

import io
import re
import unicodedata
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from pfm_desktop.domain.prediction import BANNER_ENGLISH as BANNER
from pfm_desktop.interop.dicom.codes import COLPOSCOPY, DE_IDENTIFICATION, PRIVATE, PRIVATE_NAME, Code
from pfm_desktop.interop.dicom.content import PictureInfo, StudyInfo
from pfm_desktop.interop.dicom.uids import IMPLEMENTATION_UID, digest_of, picture_keys
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pydicom import Dataset

MAKER = "pfm-desktop"
VERSION_NAME = "PFM_DESKTOP"  # of the implementation, at most 16 characters
_UNCUT = 10_000  # characters; what is too long is refused, not cut
_NOT_IN_A_NAME = re.compile(r"[\^=\\]")


def to_bytes(dataset: Dataset) -> bytes:
    """A DICOM file (explicit VR, little endian, uncompressed) of a dataset made in this room."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.filewriter import dcmwrite
    from pydicom.uid import UID, ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = VERSION_NAME
    dataset.file_meta = meta
    stream = io.BytesIO()
    dcmwrite(stream, dataset, enforce_file_format=True, little_endian=True, implicit_vr=False)
    return stream.getvalue()


def coded(code: Code) -> Dataset:
    """Item of a code sequence."""
    from pydicom import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme, code.meaning
    return item


def new_object(
    study: StudyInfo, *, sop_class: str, instance: tuple[str, ...], series: str, number: int, made_at: datetime
) -> Dataset:
    """An object with its patient, study, series and equipment.

    `instance` are the keys of its UID (`instance_uid`), `series` names the Series within the Study, `number` that
    Series and `made_at` (aware) the moment its content was made.
    """
    from pydicom import Dataset

    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = instance_uid(study, *instance)
    _patient(dataset, study)
    _study(dataset, study)
    dataset.SeriesInstanceUID = series_uid(study, series)
    dataset.SeriesNumber = number
    dataset.InstanceNumber = 1
    dataset.ContentQualification = "RESEARCH"
    dataset.BodyPartExamined = "CERVIX"
    dataset.SeriesDate, dataset.SeriesTime = begun(study)
    dataset.ContentDate, dataset.ContentTime = day_and_time(study, made_at)
    _equipment(dataset, study)
    dataset.CodingSchemeIdentificationSequence = [_private_scheme()]
    return dataset


def referenced(study: StudyInfo, picture: PictureInfo, sop_class: str, purpose: Code | None = None) -> Dataset:
    """Item that refers to a picture of ours."""
    from pydicom import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    item.ReferencedSOPInstanceUID = picture_uid(study, picture)
    if purpose is not None:
        item.PurposeOfReferenceCodeSequence = [coded(purpose)]
    return item


def picture_uid(study: StudyInfo, picture: PictureInfo) -> str:
    """SOP Instance UID of a picture."""
    return instance_uid(study, *picture_keys(picture.id, picture.stage.value))


def instance_uid(study: StudyInfo, *keys: str) -> str:
    """UID of an object, its Study or its Series.

    With the identifier of the patient: what was moved to another woman, or has another number now, is another object.
    An archive that has the one before would keep that, or mix the two.
    """
    return study.uids(*keys, study.patient_identifier)


def series_uid(study: StudyInfo, series: str) -> str:
    """UID of a Series of the Study."""
    return instance_uid(study, "series", study.visit_id, series)


def local(study: StudyInfo, moment: datetime) -> datetime:
    """A moment in the one zone of the study's objects."""
    offset = study.started_at.utcoffset() or timedelta()
    return moment.astimezone(timezone(timedelta(minutes=offset // timedelta(minutes=1))))  # DICOM knows no seconds here


def day_and_time(study: StudyInfo, moment: datetime) -> tuple[str, str]:
    """DA and TM of a moment."""
    at = local(study, moment)
    return f"{at:%Y%m%d}", f"{at:%H%M%S}.{at.microsecond:06d}"


def begun(study: StudyInfo) -> tuple[str, str]:
    """DA and TM of the visit; no time that nobody said."""
    day, clock = day_and_time(study, study.started_at)
    return day, "" if study.day_only else clock


def date_time(study: StudyInfo, moment: datetime) -> str:
    """DT of a moment, with its offset."""
    at = local(study, moment)
    return f"{at:%Y%m%d%H%M%S}.{at.microsecond:06d}{at:%z}"


def one_line(text: str, longest: int = 64) -> str:
    """Text for LO and SH: no control characters, no backslash, cut to what fits."""
    plain = "".join(" " if unicodedata.category(sign) == "Cc" or sign == "\\" else sign for sign in text)
    return " ".join(plain.split())[:longest].strip()


def person(name: str) -> str:
    """PN of somebody whose name we have in one piece; the caret says that this is meant."""
    return one_line(_NOT_IN_A_NAME.sub(" ", name), 60) + "^"


def age_words(years: int) -> str:
    """AS, as `034Y`."""
    return f"{years:03d}Y"


def _patient(dataset: Dataset, study: StudyInfo) -> None:
    parts = [one_line(_NOT_IN_A_NAME.sub(" ", part), _UNCUT) for part in (study.family_name, study.given_name)]
    dataset.PatientName = _whole("^".join(parts), _LONG_NAME) if any(parts) else ""
    dataset.PatientID = _whole(one_line(study.patient_identifier, _UNCUT), _LONG_IDENTIFIER)
    dataset.PatientBirthDate = f"{study.birth_date:%Y%m%d}" if study.birth_date and not study.de_identified else ""
    dataset.PatientSex = ""  # the program does not ask, and does not guess
    if study.age_years is not None:
        dataset.PatientAge = age_words(study.age_years)
    if study.de_identified:
        dataset.PatientIdentityRemoved = "YES"
        dataset.DeidentificationMethod = "Written anew from pixels and codes (PS3.15 E)"
        dataset.DeidentificationMethodCodeSequence = [coded(code) for code in DE_IDENTIFICATION]
        dataset.LongitudinalTemporalInformationModified = "MODIFIED"


def _study(dataset: Dataset, study: StudyInfo) -> None:
    dataset.StudyInstanceUID = instance_uid(study, "study", study.visit_id)
    dataset.StudyDate, dataset.StudyTime = begun(study)
    dataset.TimezoneOffsetFromUTC = f"{local(study, study.started_at):%z}"
    dataset.StudyID = digest_of(dataset.StudyInstanceUID)[:16].upper()
    dataset.AccessionNumber = "" if study.de_identified else _whole(one_line(study.accession_number), _LONG_NUMBER, 16)
    dataset.ReferringPhysicianName = ""
    dataset.StudyDescription = "Colposcopy"
    dataset.ProcedureCodeSequence = [coded(COLPOSCOPY)]


def _equipment(dataset: Dataset, study: StudyInfo) -> None:
    dataset.Manufacturer = MAKER
    dataset.SoftwareVersions = one_line(study.software)
    if study.institution and not study.de_identified:
        dataset.InstitutionName = one_line(study.institution)


def _private_scheme() -> Dataset:
    from pydicom import Dataset

    item = Dataset()
    item.CodingSchemeDesignator = PRIVATE
    item.CodingSchemeName = PRIVATE_NAME
    item.CodingSchemeResponsibleOrganization = MAKER
    return item


_LONG_NAME = tr("the name of the patient or the request is longer than the {longest} characters that DICOM holds")
_LONG_IDENTIFIER = tr(
    "the identifier of the patient or the request is longer than the {longest} characters that DICOM holds"
)
_LONG_NUMBER = tr("it of the patient or the request is longer than the {longest} characters that DICOM holds")


def _whole(text: str, too_long: str, longest: int = 64) -> str:
    """Text that may not be cut: half a name or number would be somebody else's."""
    if len(text) > longest:
        raise BadInputError(
            too_long.format(longest=longest),
            safe=tr("nothing was written"),
            remedy=tr("shorten it in the patient's record"),
        )
    return text


def research_words(what: str) -> str:
    """A description that says what the object is for."""
    return one_line(f"{what}. {BANNER}")
