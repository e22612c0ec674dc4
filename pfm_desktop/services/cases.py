"""Patients, visits and pictures: finding them, opening them, adding to them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pfm_desktop.domain.amendment import Amendment
from pfm_desktop.domain.anatomy import Outline
from pfm_desktop.domain.annotation import CervixMark, OsMark, Pin
from pfm_desktop.domain.case import IdentityCorrection, Pair, Patient, Picture, Visit, VisitRow
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.clip import Clip
from pfm_desktop.domain.drawing import Contour, Junction
from pfm_desktop.domain.findings import Findings, Reading
from pfm_desktop.domain.followup import OVERDUE_DAYS, Only
from pfm_desktop.domain.lesion import Lesion
from pfm_desktop.domain.prediction import RevealedModel
from pfm_desktop.domain.referral import Referral
from pfm_desktop.domain.source import PLACES, Source, Stage
from pfm_desktop.domain.specimen import Specimen
from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.storage import capture as live
from pfm_desktop.storage import clips, documented, drawn, journal, records, specimens
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.interrupt import interruptible
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.rules import SignedError
from pfm_desktop.storage.worklist import LIMIT, Question
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    import numpy as np  # the window stands before numpy loads
    from numpy.typing import NDArray

_SILENT = SilentContext()


@dataclass(frozen=True)
class VisitCase:
    """All that is known about one visit, as it was when read.

    `pictures` in time order, `pairs` in the order they were made, `pins` by letter over all pairs, `earlier` the same
    woman's visits before this one, newest first. `second_read` is the reading after the AI was revealed,
    `corrections` what was corrected about the woman since the visit was signed.
    """

    patient: Patient
    visit: Visit
    pictures: tuple[Picture, ...]
    pairs: tuple[Pair, ...]
    findings: Findings
    pins: tuple[Pin, ...]
    os_marks: tuple[OsMark, ...]
    earlier: tuple[VisitRow, ...]
    second_read: Reading | None = None
    revealed_model: RevealedModel | None = None  # None also where the journal does not say it
    corrections: tuple[IdentityCorrection, ...] = ()
    cervix_marks: tuple[CervixMark, ...] = ()
    referral: Referral = field(default_factory=lambda: Referral(""))
    assessment: Mapping[str, Any] = field(default_factory=dict)  # `domain.ifcpc.VISIT`
    lesions: tuple[Lesion, ...] = ()
    specimens: tuple[Specimen, ...] = ()  # every pin is among them
    follow_up: Mapping[str, Any] = field(default_factory=dict)  # `domain.followup.FOLLOW_UP`
    amendments: tuple[Amendment, ...] = ()
    contours: tuple[Contour, ...] = ()  # of lesions, over all pictures, in the order they were drawn
    junctions: tuple[Junction, ...] = ()
    clips: tuple[Clip, ...] = ()  # in the order they were begun
    acid_at: datetime | None = None  # when acetic acid was applied, where it was examined live
    iodine_allergy: bool | None = None  # of the woman, as it is known by now; None where she was not asked

    def picture(self, picture_id: str | None) -> Picture | None:
        """Picture of this visit by id."""
        return next((picture for picture in self.pictures if picture.id == picture_id), None)

    def pair(self, pair_id: str | None) -> Pair | None:
        """Pair of this visit by id."""
        return next((pair for pair in self.pairs if pair.id == pair_id), None)

    def picture_of(self, mark: Pin | OsMark) -> Picture | None:
        """The picture that a mark was placed on."""
        return self.picture(_picture_id(self.pair(mark.pair_id), mark.frame))

    def pins_on(self, pair_id: str) -> tuple[Pin, ...]:
        """Pins on the pictures of a pair, by letter, also those placed while one was paired otherwise."""
        return tuple(pin for pin in self.pins if self._on(pin, pair_id))

    def os_marks_on(self, pair_id: str) -> tuple[OsMark, ...]:
        """Os marks on the pictures of a pair, at most one in each frame, also as for pins.

        Where older versions marked one picture in two pairs, the mark of the pair itself counts, else the last one's.
        """
        order = [*(pair.id for pair in self.pairs if pair.id != pair_id), pair_id]
        marks = [mark for mark in self.os_marks if self._on(mark, pair_id)]
        return tuple({mark.frame: mark for mark in sorted(marks, key=lambda mark: order.index(mark.pair_id))}.values())

    def _on(self, mark: Pin | OsMark, pair_id: str) -> bool:
        shown = _picture_id(self.pair(pair_id), mark.frame)
        return shown is not None and _picture_id(self.pair(mark.pair_id), mark.frame) == shown

    def cervix_on(self, pair_id: str) -> Mapping[Source, Outline]:
        """The outlines that were drawn on the pictures of a pair, by source."""
        shown = self.places_on(pair_id)
        return {shown[mark.picture_id]: mark.outline for mark in self.cervix_marks if mark.picture_id in shown}

    def places_on(self, pair_id: str) -> Mapping[str, Source]:
        """The places of the pictures of a pair, by their ids."""
        pair = self.pair(pair_id)
        ids = ((_picture_id(pair, source), source) for source in PLACES)
        return {picture_id: source for picture_id, source in ids if picture_id}

    @property
    def signed(self) -> bool:
        """Whether the visit is signed, so that edits are refused."""
        return self.findings.signature is not None


def today(
    lib: Library,
    *,
    search: str = "",
    limit: int = LIMIT,
    after: tuple[datetime, str] | None = None,
    only: Only = Only.ALL,
    overdue_days: int = OVERDUE_DAYS,
    ctx: Context = _SILENT,
) -> tuple[VisitRow, ...]:
    """Visits newest first; every word of `search` must stand in name, identifier, impression or date, or begin a word
    of the indication or of what was found.

    With `after`, the start and id of a visit, those that come behind it. Raises `Cancelled` once `ctx` says so.
    """
    question = Question(search=search, limit=limit, after=after, only=only, overdue_days=overdue_days)
    with lib.read() as session, interruptible(session, ctx.check):
        return stored.visit_rows(session, question)


def count_visits(
    lib: Library,
    *,
    search: str = "",
    only: Only = Only.ALL,
    overdue_days: int = OVERDUE_DAYS,
    ctx: Context = _SILENT,
) -> int:
    """How many visits `today` would give without a limit. Raises `Cancelled` once `ctx` says so."""
    with lib.read() as session, interruptible(session, ctx.check):
        return stored.visit_count(session, Question(search=search, only=only, overdue_days=overdue_days))


def visit_case(lib: Library, visit_id: str) -> VisitCase:
    """A visit with everything in it; `StorageError` when there is no such visit."""
    with lib.read() as session:
        visit = stored.visit(session, visit_id)
        patient = stored.patient(session, visit.patient_id) if visit else None
        if visit is None or patient is None:
            raise _no_such("visit")
        examination = live.examination(session, visit_id)
        return VisitCase(
            patient=patient,
            visit=visit,
            pictures=stored.pictures_of(session, visit_id),
            pairs=stored.pairs_of(session, visit_id),
            findings=stored.findings_of(session, visit_id),
            pins=stored.pins_of(session, visit_id),
            os_marks=stored.os_marks_of(session, visit_id),
            earlier=stored.visit_rows(session, Question(patient_id=patient.id, before=visit.started_at)),
            second_read=stored.second_read_of(session, visit_id),
            revealed_model=journal.revealed_model(session, visit_id),
            corrections=journal.corrections_since_signing(session, patient, visit_id),
            cervix_marks=stored.cervix_marks_of(session, visit_id),
            referral=documented.referral(session, visit_id),
            assessment=documented.assessment(session, visit_id),
            lesions=documented.lesions_of(session, visit_id),
            specimens=specimens.specimens_of(session, visit_id),
            follow_up=specimens.answers_of_follow_up(session, visit_id),
            amendments=documented.amendments_of(session, visit_id),
            contours=drawn.contours_of(session, visit_id),
            junctions=drawn.junctions_of(session, visit_id),
            clips=clips.clips_of(session, visit_id),
            acid_at=examination.acid_at if examination is not None else None,
            iodine_allergy=live.iodine_allergy(session, patient.id),
        )


def signed_visits(lib: Library, patient_id: str) -> int:
    """How many visits of a woman are signed."""
    with lib.read() as session:
        return sum(row.signed for row in stored.visit_rows(session, Question(patient_id=patient_id)))


def find_patients(lib: Library, *, search: str = "", limit: int = 500) -> tuple[Patient, ...]:
    """Patients by name; every word of `search` must stand in name or identifier."""
    with lib.read() as session:
        return stored.patients(session, search=search, limit=limit)


def add_patient(
    lib: Library, *, identifier: str, family_name: str = "", given_name: str = "", birth_date: date | None = None
) -> Patient:
    """Put a woman on record. `BadInputError` when the identifier is empty or already somebody's.

    Identifiers that differ in capitals or spaces only are one.
    """
    patient = new_patient(
        lib, identifier=identifier, family_name=family_name, given_name=given_name, birth_date=birth_date
    )
    lib.apply(adding(patient, f"Patient {patient.identifier} added"))
    return patient


def new_patient(
    lib: Library, *, identifier: str, family_name: str = "", given_name: str = "", birth_date: date | None = None
) -> Patient:
    """A woman as `add_patient` puts her on record, not put there yet; raises as it does."""
    identifier, family_name, given_name = identifier.strip(), family_name.strip(), given_name.strip()
    _check_identifier(lib, identifier, "")
    made = Patient(new_id(), identifier, family_name, given_name, birth_date)
    _check_somebody(made)
    return made


def edit_patient(
    lib: Library,
    patient_id: str,
    *,
    identifier: str,
    family_name: str = "",
    given_name: str = "",
    birth_date: date | None = None,
) -> tuple[Change, ...]:
    """Correct what is on record about a woman; nothing is returned where nothing differs. Raises as `add_patient`."""
    identifier, family_name, given_name = identifier.strip(), family_name.strip(), given_name.strip()
    with lib.read() as session:
        before = stored.patient(session, patient_id)
    if before is None:
        raise _no_such("patient")
    if identifier != before.identifier:  # an older library may hold both ways of writing it
        _check_identifier(lib, identifier, patient_id)
    after = Patient(patient_id, identifier, family_name, given_name, birth_date)
    if not before.unassigned:
        _check_somebody(after)
    old, new = _fields(before), _fields(after)
    differing = [name for name in new if new[name] != old[name]]
    if not differing:
        return ()
    return (
        lib.apply(
            Change(
                "patient",
                patient_id,
                {name: old[name] for name in differing},
                {name: new[name] for name in differing},
                f"Patient {identifier} corrected",
            )
        ),
    )


def add_visit(
    lib: Library,
    patient_id: str,
    *,
    started_at: datetime | None = None,
    indication: str = "",
    examiner: str = "",
    note: str = "",
) -> Visit:
    """Begin a visit, now unless `started_at` (aware) says otherwise."""
    with lib.read() as session:
        if stored.patient(session, patient_id) is None:
            raise _no_such("patient")
    visit = Visit(new_id(), patient_id, started_at or datetime.now(UTC), indication, examiner, note)
    lib.apply(Change("visit", visit.id, None, _fields(visit), "Visit added"))
    return visit


def add_picture(
    lib: Library,
    visit_id: str,
    picture: Path | str | bytes,
    *,
    stage: Stage,
    taken_at: datetime | None = None,
    seconds_since_acid: float | None = None,
    mm_per_px: float | None = None,
    device: str = "",
    name: str = "",
) -> Picture:
    """Copy a picture file (or its bytes) into the library and put it on record; the original is not touched.

    Without `taken_at` (aware) the moment is that of adding, and the picture's time of day counts as not known.
    The same bytes or pixels at the same stage of a visit are one picture: the one on record is returned as it is.
    Raises `BadInputError` for what is not a picture, `StorageError` when it cannot be kept, `UserError` when the visit
    is signed; the library is then unchanged.
    """
    from pfm_desktop.imaging.io import decode_picture
    from pfm_desktop.imaging.pixels import pixels_sha256

    case = visit_case(lib, visit_id)
    if case.signed:
        raise SignedError("Picture added")
    if isinstance(picture, bytes):
        data = picture
    else:
        data, name = _bytes_of(Path(picture)), name or Path(picture).name
    pixels = decode_picture(data, name or tr("picture")).pixels
    height, width = pixels.shape[:2]
    of_pixels = pixels_sha256(pixels)
    there = [other for other in case.pictures if other.stage is stage]
    sha256 = hashlib.sha256(data).hexdigest()
    same = next((other for other in there if other.sha256 == sha256), None)
    if same is not None:
        lib.pictures.put(data)  # it may be missing or altered in the store
        return same
    for alike in (other for other in there if of_pixels and other.pixels_sha256 == of_pixels):
        original = taken_at is not None and not alike.time_known  # this one is, or is nearer to it
        if not original and lib.pictures.is_whole(alike.sha256):
            return alike
    lib.pictures.put(data)
    added = Picture(
        id=new_id(),
        visit_id=visit_id,
        sha256=sha256,
        stage=stage,
        taken_at=taken_at or datetime.now(UTC),
        width=width,
        height=height,
        seconds_since_acid=seconds_since_acid,
        mm_per_px=mm_per_px,
        device=device,
        original_name=name,
        time_known=taken_at is not None,
        pixels_sha256=of_pixels,
    )
    lib.apply(Change("picture", added.id, None, _fields(added), f"Picture added ({stage.value.replace('_', ' ')})"))
    return added


def load_picture(lib: Library, picture_id: str, *, longest: int = 0) -> NDArray[np.uint8]:
    """Pixels of a picture: H x W x 3 uint8 RGB. `StorageError` when its bytes are missing or were altered.

    With `longest` it may come smaller, its longer side never below that many pixels.
    """
    from pfm_desktop.imaging.io import decode_picture

    with lib.read() as session:
        picture = stored.picture(session, picture_id)
    if picture is None:
        raise _no_such("picture")
    data = lib.pictures.get(picture.sha256)
    name = picture.original_name or tr("picture {number}", number=picture.sha256[:12])
    return decode_picture(data, name, longest=longest).pixels


def picture_bytes(lib: Library, picture_id: str) -> bytes:
    """The bytes of a picture as they came in, verified."""
    with lib.read() as session:
        picture = stored.picture(session, picture_id)
    if picture is None:
        raise _no_such("picture")
    return lib.pictures.get(picture.sha256)


def change_that_made(lib: Library, what: str, key: str, text: str) -> Change:
    """The change that put a record there, as it is now: for undoing what was made in the background."""
    with lib.read() as session:
        return Change(what, key, None, records.snapshot(session, what, key), text)


def adding(record: Patient | Visit | Picture, text: str) -> Change:
    """The change that puts a new record there, for `Library.apply_all`; `text` says it for a person."""
    what = {Patient: "patient", Visit: "visit", Picture: "picture"}[type(record)]
    return Change(what, record.id, None, _fields(record), text)


def new_id() -> str:
    """A fresh id: uuid4 as 32 hexadecimal digits."""
    return uuid.uuid4().hex


def _picture_id(pair: Pair | None, source: Source) -> str | None:
    return pair.picture_id(source) if pair is not None else None


def _check_identifier(lib: Library, identifier: str, patient_id: str) -> None:
    """`BadInputError` when an identifier is empty or belongs to another woman than `patient_id`."""
    if not identifier:
        raise BadInputError(tr("a patient needs an identifier"), remedy=tr("enter the clinic's number"))
    with lib.read() as session:
        other = stored.patient_by_identifier(session, identifier)
    if other is not None and other.id != patient_id:
        name = other.display_name or tr("another patient")
        said = tr("the identifier {identifier} already belongs to {name}", identifier=identifier, name=name)
        if other.identifier != identifier:
            said = tr(
                "the identifier {identifier} already belongs to {name}, on record as {other}",
                identifier=identifier,
                name=name,
                other=other.identifier,
            )
        raise BadInputError(
            said,
            safe=tr("nothing was changed"),
            remedy=tr("add the visit to that patient, or correct the identifier"),
        )


def _check_somebody(patient: Patient) -> None:
    """`BadInputError` for what stands for nobody: only an examination that begins without a patient makes that."""
    if patient.unassigned:
        raise BadInputError(
            tr(
                "{identifier} is kept for visits of which nobody has said whose they are", identifier=patient.identifier
            ),
            safe=tr("nothing was changed"),
            remedy=tr("enter the clinic's number, or a name"),
        )


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInputError(
            tr("{path} cannot be read: {problem}", path=path, problem=error.strerror or error),
            safe=tr("the library is unchanged"),
            remedy=tr("choose a picture file that you may read"),
        ) from error


def _fields(record: Patient | Visit | Picture) -> dict[str, Any]:
    """Fields of a flat domain record as a `Change` holds them (moments in UTC, so that they compare equal later)."""
    return {field.name: _json(getattr(record, field.name)) for field in fields(record) if field.name != "id"}


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Stage) else value


_GONE = {
    "patient": tr("this patient is not in the library"),
    "visit": tr("this visit is not in the library"),
    "picture": tr("this picture is not in the library"),
}


def _no_such(what: str) -> StorageError:
    return StorageError(_GONE[what], safe=tr("nothing was changed"), remedy=tr("go back to Today and open it again"))
