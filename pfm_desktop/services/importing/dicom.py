"""DICOM in an import: the pictures in a file, with the record that the file keeps of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pfm_desktop.services.importing.reading import Record, RecordedPicture
from pfm_desktop.support.errors import BadInputError

if TYPE_CHECKING:
    from pfm_desktop.interop.dicom.read_facts import DicomFacts, StatedTime

DRAWN = "OT"  # modality of overlays and other drawings


def read_dicom(data: bytes) -> tuple[RecordedPicture, ...]:
    """See `reading.ReadDicom`. A frame becomes a PNG; what is drawn over a picture, as a heatmap, is no picture."""
    from pfm_desktop.imaging.io import encode_png
    from pfm_desktop.interop.dicom.read import read_dicom_picture

    found = read_dicom_picture(data)
    if found.facts.derived and found.facts.modality == DRAWN:
        raise BadInputError("it is drawn over another picture", remedy="choose the picture itself")
    record = record_of(found.facts)
    return tuple(RecordedPicture(encode_png(frame), record) for frame in found.frames)


def record_of(facts: DicomFacts) -> Record:
    """What counts for an import."""
    return Record(
        identifier=facts.identifier,
        family_name=facts.family_name,
        given_name=facts.given_name,
        birth_date=facts.birth_date,
        taken_at=_moment(facts.taken_at) or _moment(facts.study_at),
        stage=facts.stage,
        seconds_since_acid=facts.seconds_since_acid,
        device=facts.device,
    )


def _moment(stated: StatedTime | None) -> datetime | None:
    """Where no zone is stated, it is taken for that of this computer on that day."""
    if stated is None or stated.clock is None:
        return None
    return datetime.combine(stated.day, stated.clock, stated.zone).astimezone()
