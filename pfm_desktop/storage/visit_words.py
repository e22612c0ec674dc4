"""The words by which a visit is found: its indication, and what was found in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from pfm_desktop.domain import form, ifcpc
from pfm_desktop.domain.form import Item, Kind
from pfm_desktop.domain.specimen import RESULT
from pfm_desktop.storage.schema import folded
from pfm_desktop.storage.search import PART
from pfm_desktop.storage.tables import FindingsTable, VisitTable, VisitWordTable
from pfm_desktop.storage.tables_review import AssessmentTable, LesionTable, ResultTable
from pfm_desktop.support.language import in_english

TOLD_BY = frozenset({"findings", "visit", "assessment", "lesion", "result"})  # kinds of record


def words_of(text: str) -> frozenset[str]:
    """What a text is found by: each of its words, with what is joined by signs also as it is written; cut to `PART`."""
    small = folded(text)
    whole = (word.strip(".,;:!?()[]\"'") for word in small.split())
    return frozenset(word[:PART] for word in (*whole, *re.findall(r"\w+", small)) if word)


def keep(session: Session, visit_id: str) -> None:
    """Bring the words of a visit up to date with its records; of one that is gone none stay."""
    table = VisitWordTable
    old = frozenset(session.scalars(select(table.part).where(table.visit_id == visit_id)))
    new = words_of(" ".join(_said(session, visit_id)))
    if gone := old - new:
        session.execute(delete(table).where(table.visit_id == visit_id, table.part.in_(gone)))
    if added := [{"part": part, "visit_id": visit_id} for part in sorted(new - old)]:
        session.execute(insert(table), added)


def _said(session: Session, visit_id: str) -> Iterator[str]:
    visit = session.get(VisitTable, visit_id)
    if visit is None:
        return
    yield visit.indication or ""
    found = session.get(FindingsTable, visit_id)
    if found is not None:
        yield f"{found.text or ''} {found.plan or ''}"
    seen = session.get(AssessmentTable, visit_id)
    if seen is not None:
        yield from _answers(ifcpc.VISIT, seen.answers)
    for lesion in session.scalars(select(LesionTable).where(LesionTable.visit_id == visit_id)):
        yield from _answers(ifcpc.LESION, lesion.answers)
    for result in session.scalars(select(ResultTable).where(ResultTable.visit_id == visit_id)):
        yield from _answers(RESULT, result.answers)


def _answers(items: Sequence[Item], answers: Mapping[str, Any] | None) -> Iterator[str]:
    for item in items:
        if item.key in (answers or {}):
            yield from _words(item, (answers or {})[item.key])


def _words(item: Item, answer: Any) -> Iterator[str]:
    """An answer as it is said in English, whatever the window speaks: the words are kept, and found by all."""
    if item.kind not in (Kind.ONE, Kind.SEVERAL):
        yield from (str(answer), *in_english(item.unit))
        return
    for key in [answer] if isinstance(answer, str) else answer:
        yield from in_english(form.answer_words(item, [key]))
