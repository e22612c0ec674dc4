"""An import is taken back as one step, whole or not at all, also after a crash; it comes back as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.jobs import Cancelled, SilentContext
from pfm_desktop.jobs.context import CallbackContext
from pfm_desktop.services import at_work, cases, pairing, review
from pfm_desktop.services.importing.making import Options, make_plan
from pfm_desktop.services.importing.run import import_plan
from pfm_desktop.services.taking_back import made_by_import, take_back
from pfm_desktop.storage import crosswalk, journal
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError, UserError

pytestmark = pytest.mark.slow

KEY = "an import"
CTX = SilentContext()
Picture = Callable[..., bytes]
Put = Callable[[Path, bytes], Path]


def bring_in(lib: Library, folder: Path, key: str = KEY) -> tuple[Change, ...]:
    import_plan(CTX, lib, make_plan(CTX, [folder], options=Options()), key=key)
    return made_by_import(CTX, lib, key)


def everything(lib: Library) -> list[cases.VisitCase]:
    return [cases.visit_case(lib, row.visit.id) for row in cases.today(lib)]


def of_woman(lib: Library, identifier: str) -> list[cases.VisitCase]:
    return [case for case in everything(lib) if case.patient.identifier == identifier]


def women(lib: Library) -> int:
    with lib.read() as session:
        return sum(line.old is None for line in journal.entries(session, what="patient")) - sum(
            line.new is None for line in journal.entries(session, what="patient")
        )


def test_all_that_an_import_made_is_known_by_its_key(lib: Library, export: Path) -> None:
    made = bring_in(lib, export)
    counted = {what: sum(change.what == what for change in made) for what in ("patient", "visit", "picture", "pair")}
    assert counted == {"patient": 2, "visit": 3, "picture": 5, "pair": 1}
    assert all(change.old is None for change in made)
    assert made_by_import(CTX, lib, "another") == ()


def test_it_is_taken_back_whole_and_comes_back_as_it_was(lib: Library, export: Path) -> None:
    made = bring_in(lib, export)
    before = everything(lib)
    back = take_back(CTX, lib, made)
    assert everything(lib) == []
    assert women(lib) == 0
    assert {change.text.split(":")[0] for change in back} == {"Undo"}
    again = take_back(CTX, lib, back)
    assert everything(lib) == before
    take_back(CTX, lib, again)
    assert everything(lib) == []


def test_each_record_that_goes_is_a_line_of_the_trail(lib: Library, export: Path) -> None:
    made = bring_in(lib, export)
    take_back(CTX, lib, made)
    with lib.read() as session:
        gone = [(line.what, line.key) for line in journal.entries(session) if line.new is None]
    assert gone == [(change.what, change.key) for change in reversed(made)]


def test_what_was_there_before_stays(lib: Library, export: Path) -> None:
    import_plan(CTX, lib, make_plan(CTX, [export / "K-18"], options=Options()))
    before = everything(lib)
    made = bring_in(lib, export)
    assert len(everything(lib)) == 3
    take_back(CTX, lib, made)
    assert everything(lib) == before


def test_pictures_that_went_to_a_visit_on_record_are_taken_out_of_it(
    lib: Library, export: Path, picture: Picture, put_file: Put
) -> None:
    bring_in(lib, export / "K-18", "first")
    before = everything(lib)
    put_file(export / "K-18" / "later_green.jpg", picture(40, "2026:03:14 13:32:00"))
    made = bring_in(lib, export / "K-18")
    if len(everything(lib)) == 1:
        assert [change.what for change in made] == ["picture"]
    take_back(CTX, lib, made)
    assert everything(lib) == before


def test_a_pair_that_was_made_on_opening_goes_with_it(lib: Library, export: Path) -> None:
    made = bring_in(lib, export)
    for case in everything(lib):
        pairing.ensure_pair(lib, case.visit.id)
    before = everything(lib)
    back = take_back(CTX, lib, made)
    assert everything(lib) == []
    take_back(CTX, lib, back)
    assert everything(lib) == before


def read(lib: Library, case: cases.VisitCase) -> None:
    review.set_impression(lib, case.visit.id, Grade.LOW)


def sign(lib: Library, case: cases.VisitCase) -> None:
    read(lib, case)
    review.sign(lib, case.visit.id, "Dr. Test", "read")


def pin(lib: Library, case: cases.VisitCase) -> None:
    pair = pairing.ensure_pair(lib, case.visit.id)
    assert pair is not None
    review.place_pin(lib, pair.id, Source.WHITE, 3, 4)


def add(lib: Library, case: cases.VisitCase) -> None:
    data = cases.picture_bytes(lib, case.pictures[0].id)
    cases.add_picture(
        lib, case.visit.id, data, stage=Stage.LUGOL if case.pictures[0].stage is not Stage.LUGOL else Stage.SALINE
    )


def correct(lib: Library, case: cases.VisitCase) -> None:
    cases.edit_patient(lib, case.patient.id, identifier=case.patient.identifier, family_name="Li")


def visit_again(lib: Library, case: cases.VisitCase) -> None:
    cases.add_visit(lib, case.patient.id)


def send_out(lib: Library, case: cases.VisitCase) -> None:
    crosswalk.aliases(lib, [case.patient.id])


@pytest.mark.parametrize("since", [read, sign, pin, add, correct, visit_again, send_out])
def test_where_something_was_done_since_all_of_it_stays_and_it_is_said_where(
    lib: Library, export: Path, since: Callable[[Library, cases.VisitCase], None]
) -> None:
    made = bring_in(lib, export)
    (touched,) = of_woman(lib, "K-18")
    since(lib, touched)
    before = everything(lib)
    with pytest.raises(UserError, match="K-18") as refused:
        take_back(CTX, lib, made)
    assert refused.value.safe
    assert refused.value.remedy
    assert everything(lib) == before


def test_cancelled_it_has_done_nothing(lib: Library, export: Path) -> None:
    made = bring_in(lib, export)
    before = everything(lib)
    asked = iter(range(6))
    with pytest.raises(Cancelled):
        take_back(CallbackContext(lambda *_: None, lambda: next(asked, None) is None), lib, made)
    assert everything(lib) == before


def test_it_tells_how_far_it_is(lib: Library, export: Path) -> None:
    told: list[tuple[float, float]] = []
    made = bring_in(lib, export)
    take_back(CallbackContext(lambda done, total, _text: told.append((done, total)), lambda: False), lib, made)
    assert told[-1] == (len(made) - 1, len(made))


def test_what_an_import_that_ended_early_made_is_known_too(lib: Library, export: Path) -> None:
    def stop(done: float, total: float, text: str) -> None:
        if done >= 3:
            raise Cancelled

    plan = make_plan(CTX, [export], options=Options())
    with pytest.raises(Cancelled):
        import_plan(CallbackContext(stop, lambda: False), lib, plan, key=KEY)
    made = made_by_import(CTX, lib, KEY)
    assert everything(lib)
    take_back(CTX, lib, made)
    assert everything(lib) == []


def test_who_reads_along_takes_nothing_back(lib: Library, export: Path) -> None:
    made = bring_in(lib, export)
    with Library.open(lib.path) as along, pytest.raises(StorageError, match="reading only"):
        take_back(CTX, along, made)


# after a crash


def crashed(lib: Library) -> Library:
    lib.close()
    return Library.open(lib.path)


def test_after_a_crash_the_import_is_one_step_of_the_list(lib: Library, export: Path) -> None:
    at_work.begin(lib)
    made = bring_in(lib, export)
    with crashed(lib) as again:
        left = at_work.begin(again)
        assert left is not None
        assert [(step.visit_id, step.changes) for step in left.done] == [("", made)]
        take_back(CTX, again, left.done[0].changes)
        assert everything(again) == []


def test_after_a_crash_one_that_was_taken_back_can_be_done_again(lib: Library, export: Path) -> None:
    at_work.begin(lib)
    made = bring_in(lib, export)
    before = everything(lib)
    take_back(CTX, lib, made)
    with crashed(lib) as again:
        left = at_work.begin(again)
        assert left is not None
        assert left.done == ()
        (step,) = left.undone
        take_back(CTX, again, step.changes)
        assert everything(again) == before


def test_of_an_import_of_more_steps_than_undo_keeps_no_part_is_forgotten(
    lib: Library, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_work, "MOST", 3)  # the line of the import, undone, done again
    at_work.begin(lib)
    made = bring_in(lib, export)
    take_back(CTX, lib, take_back(CTX, lib, made))
    with crashed(lib) as again:
        left = at_work.begin(again)
        assert left is not None
        assert [len(step.changes) for step in left.done] == [len(made)]


def test_what_was_done_while_it_ran_is_a_step_of_its_own(lib: Library, export: Path) -> None:
    at_work.begin(lib)

    def meanwhile(done: float, total: float, text: str) -> None:
        if done == 3:
            cases.add_patient(lib, identifier="X-1")

    import_plan(CallbackContext(meanwhile, lambda: False), lib, make_plan(CTX, [export], options=Options()), key=KEY)
    with crashed(lib) as again:
        left = at_work.begin(again)
        assert left is not None
        assert left.done[0].changes[0].text == "Patient X-1 added"
        assert left.done[1].changes == made_by_import(CTX, again, KEY)
