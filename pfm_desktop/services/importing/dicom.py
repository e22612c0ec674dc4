"""DICOM in an import: the pictures in a file, with the record that the file keeps of them."""

from __future__ import annotations

import re
from datetime import datetime, time
from typing import TYPE_CHECKING

from pfm_desktop.services.importing.reading import Record, RecordedPicture
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.interop.dicom.read_facts import DicomFacts, StatedTime

DRAWN = "OT"  # modality of overlays and other drawings
# modalities of X-rays, magnets, isotopes, the eye, the heart and documents: none is a photograph
_NO_PHOTOGRAPH = frozenset(
    ("CT", "MR", "CR", "DX", "MG", "PT", "NM", "XA", "RF", "RG", "PX", "IO", "BMD", "IVUS", "IVOCT", "OCT", "OP",
     "OPT", "OPM", "OPV", "ECG", "EEG", "EPS", "HD", "DOC", "RTIMAGE", "RTDOSE", "RTPLAN", "RTSTRUCT")
)  # fmt: skip
_OF_HER = re.compile(  # body parts as DICOM and clinics call them; the neck is CSPINE, NECK
    r"cervix|uter|vagin|vulva|genital|gyn|pelvi|perine|portio|ectocerv|endocerv|abdomen|colpo|kolpo|whole ?body|other|"
    r"unknown",
    re.IGNORECASE,
)


def read_dicom(data: bytes) -> tuple[RecordedPicture, ...]:
    """See `reading.ReadDicom`. A frame becomes a PNG; what is drawn over a picture, as a heatmap, is no picture."""
    from pfm_desktop.imaging.io import encode_png
    from pfm_desktop.interop.dicom.read import read_dicom_picture

    found = read_dicom_picture(data)
    if found.facts.derived and found.facts.modality == DRAWN:
        raise BadInputError(tr("it is drawn over another picture"), remedy=tr("choose the picture itself"))
    record = record_of(found.facts)
    return tuple(RecordedPicture(encode_png(frame), record) for frame in found.frames)


def record_of(facts: DicomFacts) -> Record:
    """What counts for an import."""
    taken = facts.taken_at or facts.study_at
    if taken is not None and taken.clock is None and facts.study_at is not None and facts.study_at.clock is not None:
        taken = facts.study_at if facts.study_at.day == taken.day else taken
    return Record(
        identifier=facts.identifier,
        family_name=facts.family_name,
        given_name=facts.given_name,
        birth_date=facts.birth_date,
        taken_at=_moment(taken),
        day_only=taken is not None and taken.clock is None,
        stage=facts.stage,
        stage_described=facts.stage_from == "description",
        seconds_since_acid=facts.seconds_since_acid,
        device=facts.device,
        issuer=facts.issuer,
        instance=facts.instance_uid if facts.frames == 1 else "",
        burned_in=facts.burned_in,
        study=facts.study_uid,
        no_photograph=no_photograph(facts.modality, facts.body_part),
        identity_removed=facts.de_identified,
        male=facts.male,
    )


def no_photograph(modality: str, body_part: str) -> str:
    """Why a picture can be none of a cervix, as its record has it: "CT of CHEST" ("": it can)."""
    kind, part = modality.strip().upper(), body_part.strip()
    if kind not in _NO_PHOTOGRAPH and (not part or _OF_HER.search(part)):
        return ""
    if not part:
        return kind
    return tr("{picture} of {part}", picture=kind if kind in _NO_PHOTOGRAPH else tr("a picture"), part=part.upper())


def _moment(stated: StatedTime | None) -> datetime | None:
    """Where no zone is stated, it is taken for that of this computer on that day; a day begins at 0:00 there."""
    if stated is None:
        return None
    if stated.clock is None:
        return datetime.combine(stated.day, time()).astimezone()
    return datetime.combine(stated.day, stated.clock, stated.zone).astimezone()
