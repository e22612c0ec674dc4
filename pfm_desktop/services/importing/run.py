"""Carrying out a plan: pictures into the store, then all records of a visit in one step.

Killed or cancelled, a visit is in the library whole or not at all, and the same plan run again adds what is missing: a
woman is known by her identifier, a visit by its pictures or its time, a picture by its bytes or
pixels.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from pfm_desktop.domain.case import DAY_ONLY, Pair, Patient, Picture, Visit
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.people import Act
from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import Context
from pfm_desktop.services import burned_in, cases
from pfm_desktop.services.importing import places, twins
from pfm_desktop.services.importing.apart import against_manifest, several_named
from pfm_desktop.services.importing.changes import in_its_own_time
from pfm_desktop.services.importing.dates import When
from pfm_desktop.services.importing.dicom import read_dicom
from pfm_desktop.services.importing.names import agreed_name
from pfm_desktop.services.importing.places import Place
from pfm_desktop.services.importing.plan import (
    ImportPlan,
    Person,
    PlannedPicture,
    PlannedVisit,
    PlannedWoman,
    arranged,
    twice,
    waits_for,
)
from pfm_desktop.services.importing.reading import ReadDicom, bytes_of
from pfm_desktop.services.importing.report import PUT_BACK, ImportReport, Line, Outcome
from pfm_desktop.services.importing.sisters import listed, that_count
from pfm_desktop.services.importing.sources import Reader
from pfm_desktop.services.importing.taken import Taken
from pfm_desktop.services.importing.visit_times import far_apart
from pfm_desktop.services.taking_back import IMPORT, STEPS
from pfm_desktop.storage import access, crosswalk
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.same_bytes import Holder, Shot
from pfm_desktop.support import moments
from pfm_desktop.support.errors import BadInputError, UserError
from pfm_desktop.support.language import tr

_DOING = tr("Bringing in pictures")
_DATE_OF_FILES = "Imported. The date is that of the files: the pictures do not say when they were taken."


def check_may_import(lib: Library) -> None:
    """Raise `NotAllowedError` for who may not change visits: also a plan says which women and pictures are here."""
    access.require(lib.account, Act.EDIT_VISITS)


def import_plan(
    ctx: Context,
    lib: Library,
    plan: ImportPlan,
    *,
    also_unsure: bool = False,
    dicom: ReadDicom | None = read_dicom,
    key: str = "",
) -> ImportReport:
    """Bring in what a plan says; as a job. What cannot be brought in stops nothing else and stands in the report.

    Without `also_unsure` only what is said or likely is acted on. `key`: of the line of the journal that tells of it,
    by which it can be taken back (`services.taking_back`); a new one without it. Raises `StorageError` when the library
    or disk takes no more; visits that were finished before are kept.
    """
    check_may_import(lib)
    with lib.write():  # said before anything is read, and before the store is written to
        pass
    with Reader() as reader, _on_record(lib, made := _Made(), key or cases.new_id()):
        _Run(ctx, lib, plan, reader, made, also_unsure=also_unsure, dicom=dicom).all()
    return made.report()


def foreseen(ctx: Context, lib: Library, plan: ImportPlan, *, also_unsure: bool = False) -> ImportReport:
    """What `import_plan` would do, without writing anything, and reading only what may be on record in other bytes; as
    a job."""
    check_may_import(lib)
    made = _Made()
    with Reader() as reader:
        _Run(ctx, lib, plan, reader, made, also_unsure=also_unsure, dicom=read_dicom, only_ask=True).all()
    return made.report()


@dataclass
class _Made:
    """What was done so far."""

    lines: list[Line] = field(default_factory=list)
    women: int = 0
    visits: int = 0
    pairs: int = 0
    notes: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)  # ids of the records with which what was applied begins

    def report(self) -> ImportReport:
        return ImportReport(tuple(self.lines), self.women, self.visits, self.pairs, tuple(self.notes))


@contextlib.contextmanager
def _on_record(lib: Library, made: _Made, key: str) -> Iterator[None]:
    """One line in the journal for the whole import, also for one that ended early: counts, and no name of a file."""
    try:
        yield
    except BaseException:
        if any(line.outcome is Outcome.ADDED for line in made.lines):
            with contextlib.suppress(UserError):  # the library took no more: that is the error to be told
                _record(lib, made, key, "Import ended early")
        raise
    _record(lib, made, key, "Import")


def _record(lib: Library, made: _Made, key: str, title: str) -> None:
    found = made.report()
    counts = {
        "added": found.count(Outcome.ADDED),
        "already_there": found.count(Outcome.THERE),
        "skipped": found.count(Outcome.SKIPPED),
        "women": made.women,
        "visits": made.visits,
        "pairs": made.pairs,
        STEPS: made.steps,
    }
    said = f"{title}: {counts['added']} pictures added, {counts['already_there']} already there"
    lib.record_event(IMPORT, key, f"{said}, {counts['skipped']} skipped", counts)


@dataclass
class _Step:
    """One visit while it is made: the changes that are to be applied together, and what they will have done."""

    patient: Patient
    visit: Visit
    signed: bool
    changes: list[Change] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    pictures: dict[str, Picture] = field(default_factory=dict)  # by key, also those there already
    by_hash: dict[str, Picture] = field(default_factory=dict)
    pairs: tuple[Pair, ...] = ()
    added: int = 0
    burned_in: list[str] = field(default_factory=list)  # ids of pictures into which words are drawn
    shots: Mapping[str, Sequence[Shot]] = field(default_factory=dict)  # by key: see `twins`

    def by_pixels(self, planned: PlannedPicture, whole: twins.Whole) -> Picture | None:
        """The picture of the visit with the same pixels that is whole, the nearest one by its moment."""
        pixels = planned.pixels_sha256
        found = [one for one in self.by_hash.values() if pixels and one.pixels_sha256 == pixels and whole(one.sha256)]
        return min(found, key=lambda one: twins.nearest(planned, one), default=None)


class _Run:
    """One import on its way. With `only_ask` nothing is written, and read only what may be on record in other bytes."""

    def __init__(
        self,
        ctx: Context,
        lib: Library,
        plan: ImportPlan,
        reader: Reader,
        made: _Made,
        *,
        also_unsure: bool,
        dicom: ReadDicom | None,
        only_ask: bool = False,
    ) -> None:
        if also_unsure:
            plan = arranged(replace(plan, pictures=tuple(in_its_own_time(one) for one in plan.pictures)))
        self._ctx, self._lib, self._plan, self._reader, self._made = ctx, lib, plan, reader, made
        self._also_unsure, self._dicom, self._only_ask = also_unsure, dicom, only_ask
        self._twice = twice(plan)
        self._used: set[str] = set()  # visits of the library that planned ones were put into
        self._taken = Taken()  # empty where things are written
        self._before: Mapping[str, Sequence[Holder]] = {}  # who holds its pictures, before anything is brought in
        self._exported: Mapping[str, tuple[Picture, datetime]] | None = None  # of the woman in hand
        self._done = 0

    def all(self) -> None:
        """Bring in everything."""
        self._before = places.holders_of(self._lib, self._plan.pictures)
        for woman in self._plan.women:
            self._woman(woman)
        skipped = self._plan.skipped
        self._made.lines += [Line(one.name, Outcome.SKIPPED, one.reason, expected=one.expected) for one in skipped]
        self._ctx.progress(self._done, len(self._plan.pictures), _DOING)

    def _woman(self, woman: PlannedWoman) -> None:
        """Bring in all visits of a planned woman."""
        patient = places.patient_of(self._lib, woman.identifier) if woman.identifier else None
        pictures = places.pictures_of(self._lib, patient) if patient is not None else 0
        self._exported = None
        against = places.contradiction(woman, patient, pictures=pictures) or self._exported_as(woman)
        named = several_named(woman) if self._also_unsure and not woman.confirmed and not against else ""
        if named:
            against = tr("{names} would be one woman", names=named)
        if against and self._hers(woman, patient, all):
            against = ""  # an import that is done again
        elif pictures and not (against or woman.confirmed):
            against = self._numbered_elsewhere(woman, patient, pictures)
        if against:
            self._made.notes.append(
                tr(
                    "Pictures for {identifier} were left out: {reason}. Look who she is, and confirm her.",
                    identifier=woman.identifier or tr("nobody named"),
                    reason=against,
                )
            )
        elif other := against_manifest(woman):
            self._made.notes.append(other)
        doubled = [one for one in woman.pictures if one.key in self._twice]
        hers = places.hers(self._lib, patient, doubled) if patient is not None and doubled else frozenset()
        of_another = _moved(woman.pictures, patient, self._before)
        for visit in woman.visits:
            ready, moved = [], _moved(visit.pictures, patient, self._before, in_visit=True) or of_another
            for picture in visit.pictures:
                reason = against or ("" if picture.sha256 in hers else self._twice.get(picture.key, ""))
                if not reason and picture.key not in self._before and not picture.although_elsewhere:
                    reason = moved
                reason = waits_for(picture, visit, also_unsure=self._also_unsure) or reason
                if reason:
                    self._skip(picture, visit, reason)
                else:
                    ready.append(picture)
            if ready:
                planned = replace(visit, pictures=tuple(ready))
                patient = self._visit(woman, planned, patient)

    def _hers(self, woman: PlannedWoman, patient: Patient | None, how_many: Callable[[Iterable[bool]], bool]) -> bool:
        """Whether `all` or `any` of the pictures of a planned woman are on record for this patient already."""
        there = places.hers(self._lib, patient, woman.pictures) if patient is not None else frozenset()
        return patient is not None and how_many(one.sha256 in there for one in woman.pictures)

    def _exported_as(self, woman: PlannedWoman) -> str:
        """Whether she came from this library, under a pseudonym ("": not that it is known)."""
        if woman.confirmed or not woman.identifier or not crosswalk.is_pseudonym(self._lib, woman.identifier):
            return ""
        return tr(
            "{identifier} is a pseudonym that this library gave in an export: she is on record under her own",
            identifier=woman.identifier,
        )

    def _numbered_elsewhere(self, woman: PlannedWoman, patient: Patient | None, pictures: int) -> str:
        """Why she may be another one than on record: a folder counts within her number ("": it does not).

        Of two women in the folders 01 and 02 of one number only one was brought in before. One whose pictures are
        partly there already is the same: her import was cut short, or has more pictures now.
        """
        names = that_count(woman.pictures)
        if not names or self._hers(woman, patient, any):
            return ""
        return tr(
            "the identifier {identifier} is on record with %n picture(s), and {names} within it may be another woman",
            "",
            pictures,
            identifier=woman.identifier,
            names=listed(names),
        )

    def _visit(self, woman: PlannedWoman, planned: PlannedVisit, patient: Patient | None) -> Patient | None:
        """Bring in one visit; returns the woman as she is on record now."""
        place = places.place_of(self._lib, patient, planned, self._used)
        step = self._begun(woman, planned, patient, place)
        step.shots = twins.shots_of_the_moment(self._lib, planned.pictures, self._taken)
        for picture in sorted(planned.pictures, key=lambda one: not one.knows_its_moment):  # originals before copies
            self._ctx.progress(self._done, len(self._plan.pictures), _DOING)
            self._done += 1
            step.lines.append(self._picture(picture, planned, step, place))
        if place.visit is not None and any(line.outcome is not Outcome.SKIPPED for line in step.lines):
            self._used.add(step.visit.id)
        if not step.added:
            self._made.lines += step.lines
            return patient
        made_pairs = _pairs(planned, step, also_unsure=self._also_unsure)
        if not self._only_ask:
            burned_in.note(self._lib, step.burned_in)
            self._lib.apply_all([*step.changes, *made_pairs])
            self._made.steps.append(step.changes[0].key)
        self._used.add(step.visit.id)
        self._made.lines += step.lines
        self._made.pairs += len(made_pairs)
        self._made.women += patient is None
        self._made.visits += place.visit is None
        if place.visit is not None and not place.holders:
            day = moments.day(place.visit.visit.day)
            self._made.notes.append(
                tr(
                    "Pictures of {identifier} were added to her visit of {day}.",
                    identifier=step.patient.identifier,
                    day=day,
                )
            )
        return step.patient

    def _begun(self, woman: PlannedWoman, planned: PlannedVisit, patient: Patient | None, place: Place) -> _Step:
        changes = []
        if patient is None:
            patient = _new_patient(woman)
            changes.append(cases.adding(patient, f"Patient {patient.identifier} added"))
        if place.visit is not None:
            step = _Step(patient, place.visit.visit, place.visit.signed, changes)
            with self._lib.read() as session:
                there = stored.pictures_of(session, step.visit.id)
                step.pairs = stored.pairs_of(session, step.visit.id)
            step.by_hash = {picture.sha256: picture for picture in there}
            return step
        visit = _new_visit(planned, patient)
        changes.append(cases.adding(visit, "Visit added"))
        return _Step(patient, visit, signed=False, changes=changes)

    def _picture(self, planned: PlannedPicture, visit: PlannedVisit, step: _Step, place: Place) -> Line:
        said = _line(planned, visit, step.visit)
        known = self._on_record(planned, step, place)
        if known is not None and known[0] is Outcome.ADDED:
            said = replace(said, reason=known[1])
        elif known is not None:
            outcome, reason, there = known
            if there is not None:
                step.pictures[planned.key] = there
            if self._put_back(planned, step, place):
                reason += f"; {PUT_BACK}"
            return replace(said, outcome=outcome, reason=reason)
        if step.signed:
            return replace(said, outcome=Outcome.SKIPPED, reason=tr("her visit is signed: nothing is added to it"))
        try:
            added = _picture(planned, step) if self._only_ask else self._kept(planned, step)
        except BadInputError as error:
            return replace(said, outcome=Outcome.SKIPPED, reason=f"{error.what}: {error.remedy}")
        text = f"Picture added ({added.stage.value.replace('_', ' ')})"
        step.changes.append(cases.adding(added, text))
        step.pictures[planned.key] = step.by_hash[planned.sha256] = added
        step.added += 1
        if planned.burned_in:
            step.burned_in.append(added.id)
        if self._only_ask:
            self._taken.add(planned, Shot(added, step.visit.started_at, step.patient))
        return said

    def _put_back(self, planned: PlannedPicture, step: _Step, place: Place) -> bool:
        """Where these bytes are on record and not whole in the store, they are now: whether that was so."""
        on_record = planned.sha256 in step.by_hash or planned.sha256 in place.holders
        if not on_record or self._whole(planned.sha256):
            return False
        if self._only_ask:
            self._taken.keep(planned)
            return False
        try:
            data = self._bytes_of(planned)
        except BadInputError:
            return False
        return hashlib.sha256(data).hexdigest() == planned.sha256 == self._lib.pictures.put(data)

    def _whole(self, sha256: str) -> bool:
        """Whether these bytes are in the store as they came in, or would be by now."""
        return self._taken.file(sha256) is not None or self._lib.pictures.is_whole(sha256)

    def _bytes_in_store(self, sha256: str) -> bytes:
        """Those, in full; what `ImageStore.get` raises, and `BadInputError`."""
        planned = self._taken.file(sha256)
        return self._bytes_of(planned) if planned is not None else self._lib.pictures.get(sha256)

    def _bytes_of(self, planned: PlannedPicture) -> bytes:
        return bytes_of(self._reader, planned.item, planned.part, dicom=self._dicom)

    def _on_record(self, planned: PlannedPicture, step: _Step, place: Place) -> twins.Said | None:
        """What to say of a picture that is on record already, and the record, where it stands for the picture."""
        same = step.by_hash.get(planned.sha256)
        if same is not None:
            return Outcome.THERE, tr("it is in this visit already"), same
        ours = self._ours(planned, step)
        if ours is not None:
            here = ours[0].visit_id == step.visit.id
            day = moments.day(ours[1].astimezone().date())
            where = tr("this visit") if here else tr("her visit of {day}", day=day)
            return Outcome.THERE, tr("it was exported from here: it is in {visit} already", visit=where), ours[0]
        same, beside = step.by_pixels(planned, self._whole), None
        if same is not None:
            beside = twins.saved_anew(planned, same, tr("this visit"), self._bytes_in_store, here=True)
            if beside[0] is not Outcome.ADDED:
                return beside
        for found in self._elsewhere(planned, step, place):
            if found[0] is not Outcome.ADDED:
                return found
            beside = beside or found  # an original beside a copy: another woman is asked about all the same
        return beside

    def _elsewhere(self, planned: PlannedPicture, step: _Step, place: Place) -> Iterator[twins.Said]:
        """What to say of it where it is on record elsewhere too: by its bytes, its pixels, its moment. Looked for as it
        is asked for; nowhere, where somebody said that it comes in although it is."""
        if planned.although_elsewhere:
            return
        if (found := _in_these_bytes(planned, step, place)) is not None:
            yield (*found, None)
        yield from self._asked_for(planned, step)
        hers = step.patient.id, step.visit.id
        said = twins.said_of_pixels(self._lib, planned, *hers, self._whole, self._bytes_in_store)
        if said is not None:
            yield said
        if (said := self._twin(planned, step)) is not None:
            yield said

    def _ours(self, planned: PlannedPicture, step: _Step) -> tuple[Picture, datetime] | None:
        """The picture of this woman that a DICOM file is an export of."""
        if not planned.instance or planned.although_elsewhere:
            return None
        if self._exported is None:
            self._exported = places.exported(self._lib, step.patient)
        found = self._exported.get(planned.instance)
        return found if found is not None and self._lib.pictures.is_whole(found[0].sha256) else None

    def _asked_for(self, planned: PlannedPicture, step: _Step) -> Iterator[twins.Said]:
        """What to say of it where an earlier visit of this plan would have taken it, and nothing is written."""
        for shot in self._taken.of(step.patient.id, planned.content):
            where = tr("her visit of {day}", day=moments.day(shot.started_at.astimezone().date()))
            if shot.picture.sha256 == planned.sha256:
                yield Outcome.THERE, tr("it is in {visit} already", visit=where), None
            elif shot.picture.visit_id != step.visit.id:  # of this visit was asked
                yield twins.saved_anew(planned, shot.picture, where, self._bytes_in_store, here=False)

    def _twin(self, planned: PlannedPicture, step: _Step) -> twins.Said | None:
        """What to say of a picture that is on record in other bytes; it is read only where that may be."""
        shots = step.shots.get(planned.key)
        if not shots:
            return None
        try:
            data = self._bytes_of(planned)
        except BadInputError:
            return None  # it is said where it is brought in
        return twins.said_of(self._bytes_in_store, data, planned, shots, step.patient.id, step.visit.id)

    def _kept(self, planned: PlannedPicture, step: _Step) -> Picture:
        """The picture's record, its bytes kept in the store: those that were decoded in full as they were looked at."""
        data = self._bytes_of(planned)
        if hashlib.sha256(data).hexdigest() != planned.sha256:
            raise BadInputError(tr("it has changed since it was looked at"), remedy=tr("make the plan again"))
        self._lib.pictures.put(data)
        return _picture(planned, step)

    def _skip(self, planned: PlannedPicture, visit: PlannedVisit, reason: str) -> None:
        self._done += 1
        self._made.lines.append(replace(_line(planned, visit, None), outcome=Outcome.SKIPPED, reason=reason))


def _moved(
    pictures: Sequence[PlannedPicture],
    patient: Patient | None,
    holders: Mapping[str, Sequence[Holder]],
    *,
    in_visit: bool = False,
) -> str:
    """Why others of these pictures may be another woman's: more of them are on record for her than for this one, as
    where a visit was moved to whom it belongs, or a number was corrected. "": they are not. One that lies there by
    mistake says nothing where others are hers."""
    hers, of_others = 0, Counter[str]()
    for found in (holders.get(one.key, ()) for one in pictures if not one.although_elsewhere):
        if any(patient is not None and one.patient.id == patient.id for one in found):
            hers += 1
        else:
            of_others.update({one.patient.identifier for one in found})
    if not of_others:
        return ""
    whose, count = of_others.most_common(1)[0]
    if count <= hers:
        return ""
    if in_visit:
        return tr(
            "%n other picture(s) of this visit (is|are) on record for another woman ({identifier}): it may be hers",
            "",
            count,
            identifier=whose,
        )
    return tr(
        "%n other picture(s) of hers here (is|are) on record for another woman ({identifier}): it may be hers",
        "",
        count,
        identifier=whose,
    )


def _in_these_bytes(planned: PlannedPicture, step: _Step, place: Place) -> tuple[Outcome, str] | None:
    """What to say of a picture that is on record in another visit; another woman comes first."""
    others = [holder for holder in place.holders.get(planned.sha256, ()) if holder.visit_id != step.visit.id]
    stranger = next((holder for holder in others if holder.patient.id != step.patient.id), None)
    if stranger is not None:
        return Outcome.SKIPPED, tr(
            "it is on record for another woman ({identifier})", identifier=stranger.patient.identifier
        )
    if others:
        day = moments.day(others[0].started_at.astimezone().date())
        return Outcome.THERE, tr("it is in {visit} already", visit=tr("her visit of {day}", day=day))
    return None


def _picture(planned: PlannedPicture, step: _Step) -> Picture:
    """The record of a picture."""
    when, own = planned.when.value, planned.taken
    known = when is not None and not when.day_only and planned.when.known()
    if known and when is not None:
        known = not far_apart(when, When(step.visit.started_at, step.visit.day_only))
    at = when.at if when is not None and known else None
    if at is None and own is not None and not own.day_only:
        at = own.at  # of a wrong clock: it orders, and another woman's shot of the same second is seen
    assert planned.stage.value is not None
    return Picture(
        id=cases.new_id(),
        visit_id=step.visit.id,
        sha256=planned.sha256,
        stage=planned.stage.value,
        taken_at=at or _now(step.added),
        width=planned.width,
        height=planned.height,
        seconds_since_acid=planned.seconds,
        device=planned.device,
        original_name=planned.name,
        time_known=known,
        pixels_sha256=planned.pixels_sha256,
    )


def _pairs(planned: PlannedVisit, step: _Step, *, also_unsure: bool) -> list[Change]:
    """Pairs of the plan with a picture that is new. The last one opens with the visit: one after acetic acid."""
    there = {(pair.white_id, pair.fluorescence_id) for pair in step.pairs}
    new = {change.key for change in step.changes if change.what == "picture"}
    found = [
        (step.pictures[pair.white], step.pictures[pair.fluorescence])
        for pair in reversed(planned.pairs)
        if pair.guess.known(also_unsure=also_unsure) and {pair.white, pair.fluorescence} <= set(step.pictures)
    ]
    wanted = [(white, lit) for white, lit in found if (white.id, lit.id) not in there and {white.id, lit.id} & new]
    wanted.sort(key=lambda pair: (pair[0].stage is Stage.ACETIC_ACID) + (pair[1].stage.value.endswith("after_acid")))
    made = []
    for number, (white, lit) in enumerate(wanted):
        fields = {"visit_id": step.visit.id, "white_id": white.id, "fluorescence_id": lit.id}
        made_at = _now(number).isoformat()
        made.append(Change("pair", cases.new_id(), None, {**fields, "made_at": made_at}, "Pair made"))
    return made


def _line(planned: PlannedPicture, visit: PlannedVisit, made: Visit | None) -> Line:
    when = visit.when.value
    at = made.started_at if made is not None else when.at if when is not None else None
    day_only = made.day_only if made is not None else when is not None and when.day_only
    text = "" if at is None else moments.day(at.astimezone().date()) if day_only else moments.moment(at)
    return Line(
        planned.key,
        Outcome.ADDED,
        patient=planned.patient.value or "",
        visit=text,
        stage=planned.stage.value or "",
    )


def _new_patient(woman: PlannedWoman) -> Patient:
    person = woman.people[0] if woman.people else Person()
    said = person.family_name, person.given_name
    name = said if any(said) else agreed_name(woman)
    return Patient(cases.new_id(), (woman.identifier or "").strip(), *name, places.birth_date_of(woman))


def _new_visit(planned: PlannedVisit, patient: Patient) -> Visit:
    when = planned.when.value
    assert when is not None
    notes = [DAY_ONLY] if when.day_only else []
    if not planned.when.known():
        against = f"The date was only a guess: {planned.when.why}."
        notes.append(against if planned.when.contradicted or when.day_only else _DATE_OF_FILES)
    note = " ".join(notes)
    return Visit(cases.new_id(), patient.id, when.at.astimezone(UTC), note=note)


def _now(later: int) -> datetime:
    """Now, and so many microseconds: what is added together keeps its order."""
    return datetime.now(UTC) + timedelta(microseconds=later)
