"""Which visits go out: those that were meant, each once, one after the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pfm_desktop.domain.people import Account, Role
from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.services import cases
from pfm_desktop.services.export.visits import check_may_leave, each_visit, found_visits, named_visits, one_visit
from pfm_desktop.storage.access import NotAllowedError
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.worklist import LIMIT
from pfm_desktop.support.errors import BadInputError

from .conftest import Ids

START = datetime(2026, 3, 14, 12, tzinfo=UTC)


def found(lib: Library, search: str) -> set[str]:
    return {row.visit.id for row in found_visits(lib, search=search)}


def test_a_search_finds_what_the_list_of_today_finds(clinic: Library, ids: Ids) -> None:
    assert found(clinic, "wunderlich") == {ids.first, ids.second}
    assert found(clinic, "roswitha high") == {ids.first}
    assert found(clinic, "欧阳") == {ids.other}
    assert found(clinic, "") == {ids.first, ids.second, ids.other}
    assert found(clinic, "nobody") == set()


def test_more_visits_than_the_list_of_today_shows_are_all_found(lib: Library) -> None:
    from pfm_desktop.storage.tables import VisitTable

    patient = cases.add_patient(lib, identifier="K-1").id
    rows = [
        VisitTable(id=f"{n:032x}", patient_id=patient, started_at=START + timedelta(days=n), day_text="")
        for n in range(LIMIT + 7)
    ]
    with lib.write() as session:
        session.add_all(rows)
    assert len(found_visits(lib)) == LIMIT + 7


def test_visits_come_in_the_order_in_which_they_were_named_and_once(clinic: Library, ids: Ids) -> None:
    rows = named_visits(clinic, [ids.other, ids.first[:10], f" {ids.other[:8].upper()} ", ids.first])
    assert [row.visit.id for row in rows] == [ids.other, ids.first]


def test_a_beginning_that_several_visits_share_is_refused(clinic: Library, ids: Ids) -> None:
    from pfm_desktop.storage.tables import VisitTable

    twin = ids.first[:10] + ("0" if ids.first[10] != "0" else "1") * 22
    with clinic.write() as session:
        session.add(VisitTable(id=twin, patient_id=ids.patient, started_at=START, day_text=""))
    with pytest.raises(BadInputError, match="beginning of several"):
        named_visits(clinic, [ids.first[:10]])
    assert [row.visit.id for row in named_visits(clinic, [ids.first])] == [ids.first]


def test_a_beginning_that_is_too_short_says_how_long_it_must_be(clinic: Library, ids: Ids) -> None:
    with pytest.raises(BadInputError, match="at least 6 characters"):
        named_visits(clinic, [ids.first[:5]])


def test_visits_are_read_when_they_are_asked_for(clinic: Library, ids: Ids, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    visit_case = cases.visit_case
    monkeypatch.setattr(cases, "visit_case", lambda lib, key: (read.append(key), visit_case(lib, key))[1])
    going = each_visit(SilentContext(), clinic, named_visits(clinic, [ids.first, ids.second]))
    assert next(going).visit.id == ids.first
    assert read == [ids.first]


def test_it_is_told_how_far_it_is_without_a_name(clinic: Library) -> None:
    told: list[tuple[float, float, str]] = []
    context = CallbackContext(lambda *words: told.append(words), lambda: False)
    list(each_visit(context, clinic, found_visits(clinic)))
    assert [(done, total) for done, total, _ in told] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert told[1][2] == "Visit 2 of 3"


def test_a_stop_comes_between_two_visits(clinic: Library) -> None:
    going = each_visit(CallbackContext(lambda *_: None, lambda: True), clinic, found_visits(clinic))
    with pytest.raises(Cancelled):
        next(going)


@pytest.mark.parametrize(
    ("role", "may"),
    [(Role.CLINICIAN, True), (Role.ADMINISTRATOR, True), (Role.ANNOTATOR, False), (Role.ADJUDICATOR, False)],
)
def test_who_may_not_see_names_takes_nothing_out(lib: Library, role: Role, may: bool) -> None:
    lib.account = Account("a" * 32, "Anna", frozenset({role}))
    if may:
        check_may_leave(lib)
    else:
        with pytest.raises(NotAllowedError, match="may not"):
            check_may_leave(lib)
        with pytest.raises(NotAllowedError):
            found_visits(lib)


def test_one_visit_is_the_row_that_the_list_of_today_has_of_it(clinic: Library, ids: Ids) -> None:
    rows = {row.visit.id: row for row in found_visits(clinic)}
    assert {one: one_visit(clinic, one) for one in (ids.first, ids.second, ids.other)} == rows
    with pytest.raises(BadInputError, match="this visit is not in the library"):
        one_visit(clinic, "0" * 32)
