"""What both exports say of a visit, read from the library as it is: nothing is registered or answered anew."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pfm_desktop import __version__
from pfm_desktop.domain.capture import Acquisition
from pfm_desktop.domain.case import Pair, Picture
from pfm_desktop.domain.findings import Findings
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.specimen import SpecimenKind
from pfm_desktop.interop.dicom.content import PictureInfo, PinMark, StudyInfo
from pfm_desktop.services import report
from pfm_desktop.services.capture import records
from pfm_desktop.services.cases import VisitCase
from pfm_desktop.storage import answers, journal
from pfm_desktop.storage.image_store import extension_of
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.imaging.registration import Registration

log = logging.getLogger(__name__)
Pixels = NDArray[np.uint8]
SOFTWARE = f"pfm-desktop {__version__}"
NOT_REGISTERED = tr("the pair is not registered")
NO_PAIR = tr("no two pictures were put together as a pair")
_LOSSY_UNKNOWN = ("webp", "tif")  # may be packed with or without loss


@dataclass(frozen=True)
class LeftOut:
    """What of a visit did not go out, and why. For the person who exports: it may say what the library says."""

    visit_id: str
    what: str
    why: str


def of_report_alone(lib: Library, case: VisitCase) -> Iterator[LeftOut]:
    """What no set takes along: clips, how places whitened, what was documented by forms or drawn of lesions."""
    visit_id = case.visit.id
    clips, places = len(case.clips), len(records.whitenings(lib, visit_id))
    if clips:
        yield LeftOut(
            visit_id, tr("clips ({count})", count=clips), tr("videos go out one by one, from the clips in Capture")
        )
    if places:
        yield LeftOut(visit_id, tr("whitening of places ({count})", count=places), tr("it stands in the report alone"))
    if case.referral.answers:
        yield LeftOut(visit_id, tr("the referral card"), tr("it stands in the report alone"))
    if case.assessment or case.lesions:
        yield LeftOut(
            visit_id, tr("signs by IFCPC 2011 and scores of each lesion"), tr("they stand in the report alone")
        )
    if any(one.answers or one.kind is not SpecimenKind.BIOPSY for one in case.specimens):
        yield LeftOut(
            visit_id, tr("how specimens were taken, and those without a pin"), tr("they stand in the report alone")
        )
    if case.follow_up or any(one.result.answers for one in case.specimens):
        yield LeftOut(visit_id, tr("results pot by pot and the follow-up"), tr("they stay in the histology inbox"))
    drawn = len(case.contours) + len(case.junctions)
    if drawn:
        yield LeftOut(
            visit_id,
            tr("contours of lesions and SCJ lines ({count})", count=drawn),
            tr("they stand in the report alone"),
        )


def study_of(case: VisitCase) -> StudyInfo:
    """The visit as a DICOM Study, in the time of this computer."""
    patient, visit = case.patient, case.visit
    began = datetime.combine(visit.day, time()) if visit.day_only else visit.started_at
    return StudyInfo(
        visit_id=visit.id,
        patient_identifier=patient.identifier,
        family_name=patient.family_name,
        given_name=patient.given_name,
        birth_date=patient.birth_date,
        started_at=began.astimezone(),
        day_only=visit.day_only,
        software=SOFTWARE,
        examiner=visit.examiner,
    )


def read_pixels(lib: Library, picture: Picture) -> tuple[Pixels, float | None]:
    """Pixels (H x W x 3 uint8 sRGB, upright), and how much smaller a camera's JPEG made them once (`PictureInfo`).

    Raises `StorageError` or `BadInputError` for bytes that are lost, altered or no picture.
    """
    from pfm_desktop.imaging.io import decode_picture

    data = lib.pictures.get(picture.sha256)
    pixels = decode_picture(data, tr("picture {number}", number=picture.sha256[:12])).pixels
    kind = extension_of(data)
    if kind == "jpg":
        return pixels, pixels.nbytes / len(data)
    return pixels, 0.0 if kind in _LOSSY_UNKNOWN else None


def numbers_of(pictures: Iterable[Picture]) -> Mapping[str, int]:
    """Which picture of its stage each one is, from 1, in time order."""
    counted: dict[str, int] = {}
    found = {}
    for picture in pictures:
        counted[picture.stage] = counted.get(picture.stage, 0) + 1
        found[picture.id] = counted[picture.stage]
    return found


def picture_info(
    picture: Picture,
    pixels: Pixels,
    lossy: float | None,
    number: int,
    *,
    burned_in: bool | None,
    acquisition: Acquisition | None = None,
) -> PictureInfo:
    """A picture as DICOM takes it; `burned_in` None: nobody said whether words are drawn into it. `acquisition`: how it
    was taken, where it was taken live."""
    return PictureInfo(
        id=picture.id,
        stage=picture.stage,
        taken_at=picture.taken_at,
        width=int(pixels.shape[1]),
        height=int(pixels.shape[0]),
        time_known=picture.time_known,
        seconds_since_acid=picture.seconds_since_acid,
        mm_per_px=picture.mm_per_px,
        device=picture.device,
        lossy_ratio=lossy,
        number=number,
        burned_in=burned_in,
        acquisition=acquisition,
    )


def kept_registration(lib: Library, case: VisitCase, pair: Pair) -> Registration | None:
    """The registration that is kept of a pair; None where there is none, or it does not fit its pictures."""
    from pfm_desktop.imaging.registration import Registration

    white, fluorescence = case.picture(pair.white_id), case.picture(pair.fluorescence_id)
    kept = answers.registration(lib, pair.id)
    if white is None or fluorescence is None or kept is None:
        return None
    try:
        found = Registration.from_bytes(kept.data)
    except BadInputError as error:
        log.warning("a registration is not exported: %s", error)
        return None
    sizes = (white.width, white.height), (fluorescence.width, fluorescence.height)
    return found if (found.white_size, found.fluorescence_size) == sizes else None


def bend_px(registration: Registration) -> float:
    """How far the full map departs at most from its affine part, in fluorescence pixels.

    Between its nodes the field is bilinear, so the farthest point is a node.
    """
    shift = registration.nodes.reshape(-1, 2).astype(np.float64) @ registration.matrix[:2, :2].T
    return float(np.hypot(shift[:, 0], shift[:, 1]).max())


def why_not_sent(registration: Registration | None) -> str:
    """Why a registration may not leave; "" where it may."""
    if registration is None:
        return NOT_REGISTERED
    if registration.status is RegistrationStatus.REFUSED or registration.for_looking_only:
        why = registration.cause or tr("it was refused")
        return tr("the registration may not be used: {reason}", reason=why)
    return ""


def pin_marks(case: VisitCase, pair: Pair | None, registration: Registration | None) -> tuple[PinMark, ...]:
    """All pins of a visit with their hours, by the rule of the printed report.

    `registration` is that of `pair`, and of no pictures but its own.
    """
    usable, here = report.usable(registration), case.pins_on(pair.id) if pair is not None else ()
    found = []
    for pin in case.pins:
        own, picture = pair is not None and pin in here, case.picture_of(pin)
        centre = report.os_of(case, pair.id if own and pair is not None else pin.pair_id)
        hour = report.hour_by(pin, centre, usable if own else None)
        found.append(PinMark(pin, hour, picture.id if picture is not None else ""))
    return tuple(found)


def with_pins(
    pins: Iterable[PinMark], infos: Mapping[str, PictureInfo], shown: Iterable[PictureInfo]
) -> tuple[PictureInfo, ...]:
    """Pictures on which pins stand, beside those that a report is about."""
    about = {picture.id for picture in shown}
    others = dict.fromkeys(mark.picture_id for mark in pins if mark.picture_id not in about)
    return tuple(infos[picture_id] for picture_id in others if picture_id in infos)


def said_at(lib: Library, case: VisitCase) -> datetime:
    """When something was said of a visit last: signed, edited or marked; when it began, where nothing was said."""
    if case.findings.signature is not None:
        return case.findings.signature.signed_at
    with lib.read() as session:
        line = journal.last(session, what="findings", key=case.visit.id)
        pins = [journal.last(session, what="pin", key=pin.id) for pin in case.pins] if line is None else []
    moments = [one.at for one in (line, *pins) if one is not None]
    return max(moments, default=case.visit.started_at)


def said_anything(findings: Findings) -> bool:
    """Whether findings hold more than the defaults."""
    return findings != Findings(findings.visit_id)
