"""Where in the library a planned woman and visit belong: what is on record already is not made a second time."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from pfm_desktop.domain.case import Patient, Picture, VisitRow
from pfm_desktop.domain.source import Stage
from pfm_desktop.services.importing.births import Birth, agreed_day, births_on, disagreement
from pfm_desktop.services.importing.guessing import GAP, OVER_MIDNIGHT
from pfm_desktop.services.importing.names import looks_like_name
from pfm_desktop.services.importing.plan import Person, PlannedPicture, PlannedVisit, PlannedWoman
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage import same_bytes
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.same_bytes import Holder
from pfm_desktop.storage.worklist import Question
from pfm_desktop.support import moments
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import with_and

_AT_ONCE = 500  # hashes in one question
OLDEST = 120  # years: nobody examined is older
_ALL = 100_000  # visits of one woman


@dataclass(frozen=True)
class Place:
    """The visit of the library that takes a planned one (None: a new one), and which bytes are on record, and where."""

    visit: VisitRow | None
    holders: Mapping[str, Sequence[Holder]] = field(default_factory=dict)


def patient_of(lib: Library, identifier: str) -> Patient | None:
    """The woman on record with that identifier, however its capitals and spaces were typed."""
    with lib.read() as session:
        return stored.patient_by_identifier(session, identifier)


@dataclass(frozen=True)
class OnRecord:
    """A woman of the library, and her visits, the newest first."""

    patient: Patient
    visits: Sequence[VisitRow]


def on_record(lib: Library, identifier: str) -> OnRecord | None:
    """What the library knows of a woman; None where it knows none of that identifier."""
    patient = patient_of(lib, identifier)
    if patient is None:
        return None
    with lib.read() as session:
        return OnRecord(patient, tuple(stored.visit_rows(session, Question(patient_id=patient.id, limit=_ALL))))


def contradiction(woman: PlannedWoman, on_record: Patient | None, *, pictures: int = 0) -> str:
    """What speaks against her being the woman on record, or one woman at all ("": nothing).

    `pictures` that she has on record: where she has some, a name, birth date or issuer that the record does not know
    may be another woman's of another clinic.
    """
    if woman.confirmed:
        return ""
    if len({_person(person) for person in woman.people}) > 1:
        if not woman.identifier:
            return tr("two different names are said for one woman")
        return tr("two different names are said for the identifier {identifier}", identifier=woman.identifier)
    for person in woman.people:
        if stranger := next((name for name in woman.named if _is_another(name, person) and looks_like_name(name)), ""):
            said = " ".join(part for part in (person.given_name, person.family_name) if part)
            return tr(
                "the identifier {identifier} is said to be {name}'s, and folder or file say {other}",
                identifier=woman.identifier,
                name=said,
                other=stranger,
            )
    denied = _birth_denied(woman, on_record)
    return denied or (_against_record(woman, on_record, pictures) if on_record is not None else "")


_BIRTH_SAID = (
    tr("the birth date said for {identifier} ({birth}) is after the visit of {day}"),
    tr("the birth date said for {identifier} ({birth}) is more than {years} years before the visit of {day}"),
)
_BIRTH_ON_RECORD = (
    tr("the birth date on record for {identifier} ({birth}) is after the visit of {day}"),
    tr("the birth date on record for {identifier} ({birth}) is more than {years} years before the visit of {day}"),
)


def _birth_denied(woman: PlannedWoman, on_record: Patient | None) -> str:
    """Why her birth date cannot be that of a woman who was examined on these days ("": it can)."""
    days = sorted(visit.when.value.day for visit in woman.visits if visit.when.value is not None)
    if not days:
        return ""
    stated = [(False, person.birth_date) for person in woman.people if person.birth_date is not None]
    stated += [(True, on_record.birth_date)] if on_record is not None and on_record.birth_date else []
    births = [(kept, moments.day(day), Birth("", frozenset((day.year,)), frozenset((day,)))) for kept, day in stated]
    births += [(False, birth.text, birth) for birth in _births(woman)]
    for kept, text, birth in births:
        late, early = _BIRTH_ON_RECORD if kept else _BIRTH_SAID
        if birth.after(days[0]):
            return late.format(identifier=woman.identifier, birth=text, day=moments.day(days[0]))
        if days[-1].year - max(birth.years) > OLDEST:
            day = moments.day(days[-1])
            return early.format(identifier=woman.identifier, birth=text, years=OLDEST, day=day)
    return ""


def _against_record(woman: PlannedWoman, on_record: Patient, pictures: int) -> str:
    there = Person(on_record.family_name, on_record.given_name, on_record.birth_date)
    identifier = on_record.identifier
    if any(_differs(person, there) for person in woman.people):
        return tr("the identifier {identifier} is on record with another name or birth date", identifier=identifier)
    known_birth = there.birth_date
    born = next((one for one in _births(woman) if known_birth is not None and not one.may_be(known_birth)), None)
    if born is not None:
        return tr(
            "the identifier {identifier} is on record with another birth date than {birth}",
            identifier=identifier,
            birth=born.text,
        )
    stranger = next((name for name in woman.named if _is_another(name, there)), "")
    if stranger:
        return tr(
            "the identifier {identifier} is on record for {name}, and folder or file say {other}",
            identifier=identifier,
            name=on_record.display_name,
            other=stranger,
        )
    brought = _brought(woman, there) if pictures else ""
    if not brought:
        return ""
    return tr(
        "the identifier {identifier} is on record with %n picture(s) and without the {missing} said here",
        "",
        pictures,
        identifier=identifier,
        missing=brought,
    )


def birth_date_of(woman: PlannedWoman) -> date | None:
    """Her birth date where a record or manifest says it, else where the names of her folders and files agree on it."""
    stated = next((person.birth_date for person in woman.people if person.birth_date), None)
    births, days = _births(woman), [visit.when.value.day for visit in woman.visits if visit.when.value is not None]
    if stated is not None or disagreement(births) is not None:
        return stated
    return agreed_day(births, latest=min(days, default=date.max))


def _births(woman: PlannedWoman) -> tuple[Birth, ...]:
    return tuple(birth for one in woman.pictures for birth in births_on(one.item.folders, one.item.file_name))


def _brought(woman: PlannedWoman, there: Person) -> str:
    """What is said of her that the record leaves open; who gave an identifier is proved by name and birth date."""
    found = [
        word
        for word, index in ((tr("name"), 0), (tr("given name"), 1), (tr("birth date"), 2))
        if not _person(there)[index] and any(_person(one)[index] for one in woman.people)
    ]
    if not there.birth_date and tr("birth date") not in found and _births(woman):
        found.append(tr("birth date"))
    proved = any(one.birth_date and one.family_name and _person(one) == _person(there) for one in woman.people)
    if found:
        return with_and(found)
    return "" if proved or not woman.issuers else tr("issuer {issuer}", issuer=woman.issuers[0])


def _is_another(name: str, there: Person) -> bool:
    """Whether words of a folder or file look like a name that is not the one on record: none of them stands in it, or
    of two and more some do not (a sister, a mother, a name of marriage)."""
    known = set(words_of(f"{there.family_name} {there.given_name}"))
    words = words_of(name)
    looks_so = len(words) > 1 or name[:1].isupper() or not name.isascii()
    if not known or not words or not looks_so:
        return False
    return known.isdisjoint(words) or (len(words) > 1 and not (known <= set(words) or set(words) <= known))


def words_of(name: str) -> list[str]:
    """The words of a name, in small letters and without accents."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return [word for word in re.findall(r"[^\W\d_]+", plain) if len(word) > 1]


def pictures_of(lib: Library, patient: Patient) -> int:
    """How many pictures a woman has on record."""
    with lib.read() as session:
        return sum(row.pictures for row in stored.visit_rows(session, Question(patient_id=patient.id, limit=_ALL)))


def exported(lib: Library, patient: Patient) -> Mapping[str, tuple[Picture, datetime]]:
    """Her pictures by the SOP Instance UIDs that exports with names give and once gave them, with the time of their
    visit."""
    from pfm_desktop.interop.dicom.uids import picture_keys, plain_uid

    found: dict[str, tuple[Picture, datetime]] = {}
    with lib.read() as session:
        for row in stored.visit_rows(session, Question(patient_id=patient.id, limit=_ALL)):
            for picture in stored.pictures_of(session, row.visit.id):
                uids = [plain_uid(*picture_keys(picture.id, stage.value), patient.identifier) for stage in Stage]
                for uid in (*uids, plain_uid("picture", picture.id)):  # its stage may have been corrected since
                    found[uid] = picture, row.visit.started_at
    return found


def place_of(lib: Library, patient: Patient | None, planned: PlannedVisit, used: Collection[str]) -> Place:
    """Where a planned visit belongs: the visit that holds its pictures, else hers of that time, else a new one.

    One that holds fewer than half of them counts only where it is of that time. `used` are visits that other planned
    ones were put into already.
    """
    holders = held(lib, [picture.sha256 for picture in planned.pictures])
    if patient is None:
        return Place(None, holders)
    with lib.read() as session:
        rows = stored.visit_rows(session, Question(patient_id=patient.id, limit=_ALL))
    visits = {row.visit.id: row for row in rows if row.visit.id not in used}
    counted = Counter(one.visit_id for found in holders.values() for one in found if one.visit_id in visits)
    holding = [
        one for one, count in counted.items() if 2 * count >= len(planned.pictures) or _same_time(planned, visits[one])
    ]
    if holding:
        return Place(visits[max(holding, key=lambda visit_id: (counted[visit_id], visit_id))], holders)
    copied = _copied(lib, planned, [row for row in visits.values() if row.visit.day_only])
    free = [
        row
        for row in visits.values()
        if not row.signed and (row.visit.id in copied or _same_time(planned, row) or _goes_on(lib, planned, row))
    ]
    near = min(free, key=lambda row: (abs(_apart(planned, row.visit.started_at)), row.visit.id), default=None)
    return Place(near, holders)


def hers(lib: Library, patient: Patient, pictures: Iterable[PlannedPicture]) -> frozenset[str]:
    """Of the pictures planned, those (by content) that are on record for this patient already."""
    found = held(lib, sorted({one.sha256 for one in pictures}))
    return frozenset(one for one, holders in found.items() if any(by.patient.id == patient.id for by in holders))


def held(lib: Library, hashes: Sequence[str]) -> Mapping[str, Sequence[Holder]]:
    """Visits that hold pictures with these hashes, by hash."""
    found: dict[str, list[Holder]] = {}
    with lib.read() as session:
        for start in range(0, len(hashes), _AT_ONCE):
            for holder in same_bytes.holders(session, hashes[start : start + _AT_ONCE]):
                found.setdefault(holder.sha256, []).append(holder)
    return found


def holders_of(lib: Library, pictures: Sequence[PlannedPicture]) -> Mapping[str, Sequence[Holder]]:
    """Visits that hold these pictures, by key of the planned one: the same bytes, or the same pixels in others."""
    found: defaultdict[str, list[Holder]] = defaultdict(list)  # by either hash
    with lib.read() as session:
        for start in range(0, len(pictures), _AT_ONCE):
            few = pictures[start : start + _AT_ONCE]
            for holder in same_bytes.holders(session, [one.sha256 for one in few], [one.pixels_sha256 for one in few]):
                for hashed in filter(None, {holder.sha256, holder.pixels_sha256}):
                    found[hashed].append(holder)
    by_key = {one.key: (*found.get(one.sha256, ()), *found.get(one.pixels_sha256, ())) for one in pictures}
    return {key: holders for key, holders in by_key.items() if holders}


def _same_time(planned: PlannedVisit, row: VisitRow) -> bool:
    when = planned.when.value
    if when is None or row.visit.day != when.day:
        return False
    return when.day_only or abs(_apart(planned, row.visit.started_at)) <= GAP.total_seconds()


def _copied(lib: Library, planned: PlannedVisit, rows: Sequence[VisitRow]) -> frozenset[str]:
    """Of visits whose time of day is not known, those of that day with copies of the planned pictures."""
    of_that_day = {row.visit.id for row in rows if planned.when.value and row.visit.day == planned.when.value.day}
    if not of_that_day:
        return frozenset()
    with lib.read() as session:
        found = same_bytes.holders(session, (), [one.pixels_sha256 for one in planned.pictures])
    return frozenset(holder.visit_id for holder in found) & of_that_day


def _goes_on(lib: Library, planned: PlannedVisit, row: VisitRow) -> bool:
    """Whether one of the two goes on with the other over midnight, by their nearest pictures."""
    when = planned.when.value
    if when is None or abs((row.visit.day - when.day).days) != 1:
        return False
    with lib.read() as session:
        there = [one.taken_at for one in stored.pictures_of(session, row.visit.id) if one.time_known]
    times = [one.moment for one in planned.pictures if one.moment is not None]
    return any(abs(one - other) <= OVER_MIDNIGHT for one in times for other in there)


def _apart(planned: PlannedVisit, at: datetime) -> float:
    return (planned.when.value.at - at).total_seconds() if planned.when.value is not None else 0.0


def _differs(one: Person, other: Person) -> bool:
    """Whether two say different things; what one of them leaves open is no difference.

    Nor is a name that one keeps in one piece, as a folder says it, and the other as family and given name.
    """
    mine, theirs = _person(one), _person(other)
    if sorted(" ".join(mine[:2]).split()) == sorted(" ".join(theirs[:2]).split()):
        mine, theirs = mine[2:], theirs[2:]
    return any(said and there and said != there for said, there in zip(mine, theirs, strict=True))


def _person(person: Person) -> tuple[str, ...]:
    names = (" ".join(name.casefold().split()) for name in (person.family_name, person.given_name))
    return (*names, person.birth_date.isoformat() if person.birth_date else "")
