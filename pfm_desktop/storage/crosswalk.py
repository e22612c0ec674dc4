"""Who is who in exports for research: each woman's pseudonym, the days by which her dates move, and her secret.

Kept in the library itself, so that it is encrypted where the library is, and travels in its backups. The journal does
not repeat it. Who may take records out of the library may use it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from pfm_desktop.domain.case import Patient, stands_for_nobody
from pfm_desktop.domain.people import Act
from pfm_desktop.storage import access, repositories
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.tables import CrosswalkTable, PatientTable

FARTHEST = 730  # days back
SALT_BYTES = 32
_PREFIX = "W-"
_DIGITS = 3  # bytes of a pseudonym: 16 million women
_SHORTEST = 3  # letters of a name that would be recognised in a pseudonym
_AT_ONCE = 500  # ids in one question; SQLite takes not many more


@dataclass(frozen=True)
class Alias:
    """How a woman stands in every export for research. `offset_days` is never 0; `salt` keys her UIDs and codes."""

    pseudonym: str
    offset_days: int = field(repr=False)
    salt: bytes = field(repr=False)


def aliases(lib: Library, patient_ids: Iterable[str]) -> Mapping[str, Alias]:
    """The aliases of these women by id; who has none yet gets one, for good. Ids that are no patient's are left out,
    and those of whom nobody has said who they are: a pseudonym would say that they are somebody else.

    Raises `NotAllowedError` for an account that may not export, `StorageError` also for a library that is read-only.
    """
    access.require(lib.account, Act.EXPORT)
    wanted = sorted(set(patient_ids))
    with lib.write() as session:
        found = dict(_kept(session, wanted))
        missing = [patient_id for patient_id in wanted if patient_id not in found]
        for person in _people(session, missing):
            if stands_for_nobody(person.identifier, person.family_name, person.given_name):
                continue
            row = _new_row(session, person)
            session.add(row)
            session.flush()
            found[row.patient_id] = _alias(row)
    return found


def woman_called(lib: Library, pseudonym: str) -> Patient | None:
    """Who stands under a pseudonym; None where nobody does. Raises `NotAllowedError` as `aliases` does."""
    access.require(lib.account, Act.EXPORT)
    access.require(lib.account, Act.SEE_NAMES)
    with lib.read() as session:
        row = session.scalar(select(CrosswalkTable).where(CrosswalkTable.pseudonym == pseudonym.strip()))
        return None if row is None else repositories.patient(session, row.patient_id)


def is_pseudonym(lib: Library, text: str) -> bool:
    """Whether somebody stands under this pseudonym here; who it is stays unsaid."""
    with lib.read() as session:
        found = select(CrosswalkTable.patient_id).where(CrosswalkTable.pseudonym == text.strip())
        return session.scalar(found) is not None


def _kept(session: Session, patient_ids: Sequence[str]) -> Iterator[tuple[str, Alias]]:
    for few in _parts(patient_ids):
        for row in session.scalars(select(CrosswalkTable).where(CrosswalkTable.patient_id.in_(few))):
            yield row.patient_id, _alias(row)


def _people(session: Session, patient_ids: Sequence[str]) -> Iterator[PatientTable]:
    for few in _parts(patient_ids):
        yield from session.scalars(select(PatientTable).where(PatientTable.id.in_(few))).all()


def _parts(patient_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (patient_ids[start : start + _AT_ONCE] for start in range(0, len(patient_ids), _AT_ONCE))


def _new_row(session: Session, person: PatientTable) -> CrosswalkTable:
    return CrosswalkTable(
        patient_id=person.id,
        pseudonym=_new_pseudonym(session, person),
        offset_days=-1 - secrets.randbelow(FARTHEST),  # back: a day in the future would tell that it was moved forward
        salt=secrets.token_hex(SALT_BYTES),
    )


def _new_pseudonym(session: Session, person: PatientTable) -> str:
    """One that nobody has, and in which no part of her name or number happens to stand."""
    texts = (person.identifier, person.family_name, person.given_name)
    own = [part.casefold() for text in texts for part in (text, *text.split()) if len(part) >= _SHORTEST]
    while True:
        made = _PREFIX + secrets.token_hex(_DIGITS)
        taken = session.scalar(select(CrosswalkTable.patient_id).where(CrosswalkTable.pseudonym == made))
        if taken is None and not any(part in made.casefold() for part in own):
            return made


def _alias(row: CrosswalkTable) -> Alias:
    return Alias(row.pseudonym, row.offset_days, bytes.fromhex(row.salt))
