"""The search by indexes finds exactly what comparing every visit with every word finds, in the same order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.services import cases
from pfm_desktop.storage import search, tables, worklist
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.repositories import visit_count, visit_rows
from pfm_desktop.storage.schema import folded
from pfm_desktop.storage.worklist import Question

pytestmark = pytest.mark.slow

_PLAIN = "Müller Müller-Lüdenscheidt Мария Иванова 王 欧阳 García Lopez O'Brien Şahin I\u015eIK March May 2017"
_ODD = ("\u2121", "\ufb00", "ß", "\U0001d400nna", "100%_/x", "a_b", "K\u0301", "Ünal")
FAMILIES = (*_PLAIN.split(), *_ODD)
GIVEN = ("Änne", "Maria", "秀英", "Анна", "Zoë", "high", "low", "cancer", "12:30", "8:", "Augusta")
NEVER_USED = ("zzzz", "\U0010ffff", "\ud7ff", "\ue000", "99:", "24:00", "cancers", "\0", "a\0b", "müllers")


def old_rows(session: Session, question: Question) -> list[str]:
    """Ids as the statement of library version 3 found them: every visit is read and compared."""
    words = folded(question.search).split()
    hours = [word for word in words if re.fullmatch(r"\d{1,2}:\d{0,2}", word)]
    conditions: list[str] = ["1 = 1"]
    values: dict[str, Any] = {}
    for number, word in enumerate(word for word in words if word not in hours):
        name = f"word{number}"
        values[name] = "%" + re.sub("([%_/])", r"/\1", word) + "%"
        either = [f"{column} LIKE :{name} ESCAPE '/'" for column in ("patients.search", "visits.day_text")]
        grades = [grade.value for grade in GRADES if grade.value.startswith(word) and len(word) > 1]
        either += [f"findings.impression = '{grade}'" for grade in grades]
        conditions.append(f"({' OR '.join(either)})")
    statement = f"""
        SELECT visits.id, visits.started_at, visits.day_text, patients.search FROM visits
        JOIN patients ON patients.id = visits.patient_id LEFT JOIN findings ON findings.visit_id = visits.id
        WHERE {" AND ".join(conditions)} ORDER BY visits.started_at DESC, visits.id"""
    found = []
    for key, started_at, *texts in session.execute(sa.text(statement), values):
        at = datetime.fromisoformat(started_at).replace(tzinfo=UTC).astimezone()
        whole = [f"0{hour}" if hour.index(":") == 1 else hour for hour in hours]
        said = [
            f"{at:%H:%M}".startswith(one) or any(hour in text for text in texts)
            for one, hour in zip(whole, hours, strict=True)
        ]
        if all(said):
            found.append(key)
    return found


def filled(lib: Library, *, seed: int, women: int = 25, visits: int = 120) -> None:
    """Women with odd names, visits of many years, two of them begun in the same moment."""
    random, keys = Random(seed), []
    for number in range(women):
        name = {"family_name": random.choice(FAMILIES), "given_name": random.choice(GIVEN)}
        identifier = random.choice(
            (f"2017-{number:04d}", f"K {number}", f"S 77:{number:02d}", f"x{'long' * 9}{number}")
        )
        keys.append(cases.add_patient(lib, identifier=identifier, **name).id)
    begun = datetime(2016, 1, 1, 5, tzinfo=UTC)
    for number in range(visits):
        at = begun + timedelta(minutes=random.randrange(60 * 24 * 365 * 4)) if number > 1 else begun
        visit = cases.add_visit(lib, random.choice(keys), started_at=at)
        if random.random() < 0.6:
            said = {"impression": random.choice(GRADES).value}
            lib.apply(Change("findings", visit.id, {"impression": None}, said, "Impression"))


_FILLS = {seed: partial(filled, seed=seed) for seed in (1, 2, 3)}  # by which the copies are told apart


@pytest.fixture
def odd(request: pytest.FixtureRequest, tmp_path: Path, library_from: Callable[..., None]) -> Iterator[Library]:
    """The library of a seed."""
    library_from(tmp_path / "odd", _FILLS[request.param])
    with Library.open(tmp_path / "odd") as opened:
        yield opened


def searches(session: Session, random: Random) -> list[str]:
    """Pieces of what is there, whole words, two of them, and what is not there."""
    texts = [
        *session.scalars(sa.text("SELECT search FROM patients")),
        *session.scalars(sa.text("SELECT day_text FROM visits")),
    ]
    texts += [grade.value for grade in GRADES] + ["12:30", "8:", "08:15", "05:00", "77:1", "march", "MAR", "ca"]
    out = list(NEVER_USED)
    for _ in range(60):
        text = random.choice(texts)
        start = random.randrange(len(text))
        piece = text[start : start + random.choice((1, 2, 3, 5, 9, 30))]
        out.append(random.choice((piece, piece.upper(), f"{piece} {random.choice(texts)[:2]}")))
    return out


@pytest.mark.parametrize("few", [0, worklist._FEW], ids=["many fit", "few fit"])
@pytest.mark.parametrize("most", [1, 20, search.MOST])
@pytest.mark.parametrize("odd", [1, 2], indirect=True)
def test_the_search_finds_what_comparing_every_visit_finds(
    odd: Library, monkeypatch: pytest.MonkeyPatch, most: int, few: int
) -> None:
    for module, name, value in ((search, "MOST", most), (search, "_MOST_WOMEN", most), (worklist, "_FEW", few)):
        monkeypatch.setattr(module, name, value)
    with odd.read() as session:
        for typed in ["", "   ", *searches(session, Random(most + few))]:
            wanted = old_rows(session, Question(search=typed))
            found = [row.visit.id for row in visit_rows(session, Question(search=typed))]
            assert found == wanted, typed
            assert visit_count(session, Question(search=typed)) == len(wanted), typed
            assert [row.visit.id for row in visit_rows(session, Question(search=typed, limit=7))] == wanted[:7], typed


@pytest.mark.parametrize("typed", ["", "m", "2017", "8:", "high", "müller"])
@pytest.mark.parametrize("few", [0, worklist._FEW])
@pytest.mark.parametrize("odd", [3], indirect=True)
def test_page_after_page_gives_every_visit_once_in_the_same_order(
    odd: Library, monkeypatch: pytest.MonkeyPatch, typed: str, few: int
) -> None:
    monkeypatch.setattr(worklist, "_FEW", few)
    with odd.read() as session:
        wanted = old_rows(session, Question(search=typed))
        pages: list[str] = []
        after = None
        while page := visit_rows(session, Question(search=typed, limit=4, after=after)):
            pages += [row.visit.id for row in page]
            after = (page[-1].visit.started_at, page[-1].visit.id)
    assert pages == wanted


def words_of(session: Session) -> set[tuple[str, str]]:
    return {
        (part, key)
        for part, key in session.execute(sa.select(tables.SearchWordTable.part, tables.SearchWordTable.patient_id))
    }


def words_wanted(session: Session) -> set[tuple[str, str]]:
    women = session.execute(sa.select(tables.PatientTable.id, tables.PatientTable.search)).all()
    return {(part, key) for key, said in women for part in search.parts_of(said)}


def test_the_words_by_which_a_woman_is_found_follow_every_edit_undo_and_removal(lib: Library) -> None:
    woman = cases.add_patient(lib, identifier="K-1", family_name="Müller", given_name="Anna")
    other = cases.add_patient(lib, identifier="K-2", family_name="Müller")
    steps: tuple[Callable[[], object], ...] = (
        lambda: cases.edit_patient(lib, woman.id, identifier="K-1", family_name="王", given_name="Anna Müller"),
        lambda: cases.edit_patient(lib, woman.id, identifier="K-99", family_name="", given_name=""),
        lambda: lib.apply(
            Change(
                "patient",
                other.id,
                {"identifier": "K-2", "family_name": "Müller", "given_name": "", "birth_date": None},
                None,
                "Taken back",
            )
        ),
    )
    for step in steps:
        step()
        with lib.read() as session:
            assert words_of(session) == words_wanted(session)
    with lib.read() as session:
        assert {key for _, key in words_of(session)} == {woman.id}


def test_an_edit_that_is_refused_leaves_the_words_as_they_were(lib: Library) -> None:
    cases.add_patient(lib, identifier="K-1", family_name="Müller")
    other = cases.add_patient(lib, identifier="K-2", family_name="Meier")
    with pytest.raises(Exception, match="refused"):
        lib.apply(Change("patient", other.id, {"identifier": "K-2"}, {"identifier": "K-1"}, "taken"))
    with lib.read() as session:
        assert words_of(session) == words_wanted(session)
        assert [row.visit.id for row in visit_rows(session, Question(search="meier"))] == []


def test_a_visit_knows_its_minute_in_utc_also_after_it_was_corrected(lib: Library) -> None:
    woman = cases.add_patient(lib, identifier="K-1")
    at = datetime.fromisoformat("2026-03-14T00:30:00+02:00")
    visit = cases.add_visit(lib, woman.id, started_at=at)
    with lib.read() as session:
        assert session.get_one(tables.VisitTable, visit.id).minute == 22 * 60 + 30
    old, new = at.astimezone(UTC).isoformat(), "2026-03-14T09:05:59+00:00"
    lib.apply(Change("visit", visit.id, {"started_at": old}, {"started_at": new}, "Moved"))
    with lib.read() as session:
        assert session.get_one(tables.VisitTable, visit.id).minute == 9 * 60 + 5


@pytest.mark.parametrize("odd", [1], indirect=True)
def test_a_word_that_leads_to_few_visits_is_looked_up_and_not_searched_for(odd: Library) -> None:
    with odd.read() as session:

        def ask(statement: str, values: Any) -> Any:
            return session.execute(sa.text(statement), values)

        for word in ("2017-0001", "王", "12.01.2017", "12:30", "cancer"):
            meant = search.meaning(ask, word, 0)
            plan = [row[3] for row in session.execute(sa.text(f"EXPLAIN QUERY PLAN {meant.way}"), dict(meant.values))]
            assert plan
            assert all("COVERING INDEX" in step for step in plan if "SEARCH visits" in step and word != "cancer"), plan
            assert not [step for step in plan if step.startswith("SCAN visits")], plan


@pytest.mark.parametrize("long", ["x" * 200, "王" * 100, "\U0001f600" * 40])
def test_a_name_of_any_length_is_found_by_every_piece_of_it(lib: Library, long: str) -> None:
    woman = cases.add_patient(lib, identifier="K-1", family_name=f"{long}end")
    visit = cases.add_visit(lib, woman.id)
    for typed in (long, f"{long[:30]}e" if len(long) <= 30 else long[:30], "end", f"{long[-20:]}end"):
        assert [row.visit.id for row in cases.today(lib, search=typed)] == [visit.id], typed
    assert cases.today(lib, search=f"{long}{long}") == ()
