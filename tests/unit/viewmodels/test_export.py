"""Taking things out, as the window says it: counts, what is still to be done, what was left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pfm_desktop.domain.case import Patient, Visit, VisitRow
from pfm_desktop.domain.people import Account, Role
from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases
from pfm_desktop.services.capture import unassigned
from pfm_desktop.services.export.facts import LeftOut
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.viewmodels import export as model
from pfm_desktop.viewmodels.export import Kind, Picked
from pfm_desktop.viewmodels.export_sheet import Sheet, SheetPicture

CTX = SilentContext()
NOON = datetime(2026, 5, 14, 12, 0, tzinfo=UTC)
RESEARCH = [kind for kind in Kind if kind is not Kind.NAMED]


def png(seed: int) -> bytes:
    out = BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def row(number: int, *, woman: int = 1, pictures: int = 2) -> VisitRow:
    patient = Patient(f"p{woman}", f"P-{woman:03d}", "Adler", "Anna", None)
    visit = Visit(f"v{number}", patient.id, NOON + timedelta(days=number))
    return VisitRow(visit, patient, pictures, True, True, "", False, 0)


def fill(lib: Library) -> tuple[str, str]:
    ids = []
    for number, name in enumerate(("Adler", "Brandt")):
        patient = cases.add_patient(lib, identifier=f"P-{number}", family_name=name)
        visit = cases.add_visit(lib, patient.id, started_at=NOON + timedelta(days=number))
        for place, stage in enumerate((Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID)):
            at = NOON + timedelta(seconds=place)
            cases.add_picture(lib, visit.id, png(10 * number + place), stage=stage, taken_at=at)
        ids.append(visit.id)
    return ids[0], ids[1]


@pytest.fixture
def lib(tmp_path: Path, library_from: Callable[..., tuple[str, str]]) -> Iterator[Library]:
    library_from(tmp_path / "clinic", fill)
    with Library.open(tmp_path / "clinic") as lib:
        yield lib


def found(lib: Library, search: str = "") -> Picked:
    picked = model.find_visits(CTX, lib, search, "", True)[0]
    assert picked is not None
    return picked


def looked_at(lib: Library, picked: Picked) -> Sheet:
    sheet = model.find_pictures(CTX, lib, picked)
    sheet.saw(picture.id for picture in sheet.pictures)
    sheet.say(True)
    return sheet


# what is chosen


def test_a_woman_with_two_visits_is_one_woman() -> None:
    assert Picked((row(1), row(2), row(3, woman=2, pictures=1))).count == "2 women, 3 visits, 5 pictures"
    assert Picked((row(1, pictures=1),)).count == "1 woman, 1 visit, 1 picture"


def test_ticked_visits_are_those_that_were_seen_newest_first() -> None:
    picked = model.ticked([row(1), row(3), row(2), row(3)], frozenset({"v1", "v3", "unknown"}))
    assert picked.ids == ("v3", "v1")


def test_a_search_finds_its_visits_and_the_one_that_was_asked_for_beside_them(lib: Library) -> None:
    everything, nothing = model.find_visits(CTX, lib, "", "", True)
    assert everything is not None
    assert (len(everything.rows), nothing.rows) == (2, ())
    brandt = next(one for one in everything.rows if one.patient.family_name == "Brandt")
    found, one = model.find_visits(CTX, lib, "adler", brandt.visit.id, True)
    assert found is not None
    assert [row.patient.family_name for row in found.rows] == ["Adler"]
    assert one.ids == (brandt.visit.id,)
    assert model.find_visits(CTX, lib, "adler", brandt.visit.id, False) == (None, one)


def test_a_visit_that_is_gone_is_said(lib: Library) -> None:
    with pytest.raises(BadInputError, match="this visit is not in the library"):
        model.find_visits(CTX, lib, "", "0" * 32, True)


# what is said before


def test_with_names_says_that_nothing_is_removed_and_that_it_goes_on_record() -> None:
    said = model.plan_words(Picked((row(1),)), Kind.NAMED, encrypted=True, sheet=None)
    assert "1 woman, 1 visit, 2 pictures, WITH NAMES" in said
    assert "Nothing is removed" in said
    assert "on record" in said


@pytest.mark.parametrize("kind", RESEARCH)
def test_for_research_says_what_is_removed_what_is_not_and_where_the_pseudonyms_are(kind: Kind) -> None:
    picked = Picked((row(1),))
    said = model.plan_words(picked, kind, encrypted=True, sheet=None)
    assert "NOT removed: the picture itself" in said
    assert "Removed: names" in said
    assert "stays in the library, encrypted with it" in said
    assert "READABLE" in model.plan_words(picked, kind, encrypted=False, sheet=None)


def test_pictures_that_are_left_out_are_counted_before(lib: Library) -> None:
    picked = found(lib)
    sheet = model.find_pictures(CTX, lib, picked)
    sheet.leave_out(sheet.pictures[0].id, out=True)
    said = model.plan_words(picked, Kind.CSV, encrypted=False, sheet=sheet)
    assert "2 women, 2 visits, 3 of 4 pictures (1 left out)" in said


def test_nothing_is_said_of_no_visit() -> None:
    assert model.plan_words(Picked(), Kind.CSV, encrypted=False, sheet=None) == model.NO_VISITS


def test_what_is_still_to_be_done_is_said_one_after_the_other(lib: Library, tmp_path: Path) -> None:
    picked = found(lib)
    assert model.why_not_yet(Picked(), Kind.NAMED, tmp_path, None) == model.NO_VISITS
    assert model.why_not_yet(picked, Kind.NAMED, None, None) == model.NO_PLACE
    assert model.why_not_yet(picked, Kind.NAMED, tmp_path, None) == ""
    assert "still being looked for" in model.why_not_yet(picked, Kind.CSV, tmp_path, None)
    sheet = model.find_pictures(CTX, lib, picked)
    assert "scroll" in model.why_not_yet(picked, Kind.CSV, tmp_path, sheet)
    sheet.saw(picture.id for picture in sheet.pictures)
    assert "Tick" in model.why_not_yet(picked, Kind.CSV, tmp_path, sheet)
    sheet.say(True)
    assert model.why_not_yet(picked, Kind.CSV, tmp_path, sheet) == ""


def test_the_new_folder_is_one_that_is_not_there_and_names_nobody(tmp_path: Path) -> None:
    first = model.free_folder(tmp_path, Kind.CSV, date(2026, 5, 14))
    assert first.name == "research csv 2026-05-14"
    first.mkdir()
    assert model.free_folder(tmp_path, Kind.CSV, date(2026, 5, 14)).name == "research csv 2026-05-14 (2)"
    assert model.free_folder(tmp_path, Kind.NAMED, date(2026, 5, 14)).name == "dicom with names 2026-05-14"


# who may


class _Standing:
    """As much of a library as is asked who may."""

    keys = None

    def __init__(self, *roles: Role, reason: str = "") -> None:
        self.account = Account("a", "Dr. Roth", frozenset(roles)) if roles else None
        self.read_only_reason, self.read_only = reason, bool(reason)

    def may(self, act: object) -> bool:
        return self.account is None or self.account.may(act)  # type: ignore[arg-type]


@pytest.mark.parametrize("roles", [(), (Role.CLINICIAN,), (Role.ADMINISTRATOR,), (Role.ANNOTATOR, Role.CLINICIAN)])
def test_who_may_export_and_see_names_may(roles: tuple[Role, ...]) -> None:
    assert model.why_not(_Standing(*roles)) == ""  # type: ignore[arg-type]


@pytest.mark.parametrize("role", [Role.ANNOTATOR, Role.ADJUDICATOR])
def test_who_labels_only_is_told_who_may(role: Role) -> None:
    said = model.why_not(_Standing(role))  # type: ignore[arg-type]
    assert said.startswith("Dr. Roth may not take pictures and records out of the library")
    assert "Ask a clinician" in said


def test_a_library_that_is_read_only_says_why() -> None:
    said = model.why_not(_Standing(reason="in use by Anna"))  # type: ignore[arg-type]
    assert "in use by Anna" in said
    assert "on record" in said


# doing it


def test_with_names_all_visits_go_out(lib: Library, tmp_path: Path) -> None:
    picked = found(lib)
    made = model.export(CTX, lib, picked, Kind.NAMED, tmp_path / "out", None)
    assert made.text.startswith("Written, WITH NAMES: 2 visits, ")
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert any("Adler" in line and "report as PDF" in line for line in made.left_out)


@pytest.mark.parametrize("kind", RESEARCH)
def test_for_research_only_what_was_looked_at_goes_out(kind: Kind, lib: Library, tmp_path: Path) -> None:
    picked = found(lib)
    sheet = looked_at(lib, picked)
    sheet.leave_out(sheet.pictures[0].id, out=True)
    cases.add_picture(lib, picked.ids[0], png(99), stage=Stage.LUGOL)  # meanwhile
    made = model.export(CTX, lib, picked, kind, tmp_path / "out", sheet)
    assert "3 pictures" in made.text
    assert sum("not among the pictures that were looked at" in line for line in made.left_out) == 2
    assert "READABLE".lower() in made.text.lower()


def test_what_was_made_black_is_black_in_the_set(lib: Library, tmp_path: Path) -> None:
    picked = found(lib, "adler")
    sheet = looked_at(lib, picked)
    white = sheet.pictures[0]
    sheet.use_margin(3)
    sheet.add_box(white, (20, 10, 40, 30))
    model.export(CTX, lib, picked, Kind.CSV, tmp_path / "out", sheet)
    (path,) = (tmp_path / "out" / "pictures").glob("*-acetic_acid-*")
    with Image.open(path) as image:
        pixels = np.asarray(image)
    assert not pixels[10:30, 20:40].any()
    assert not pixels[:3].any()
    assert not pixels[:, -3:].any()
    assert pixels[31:44, 4:60].any()


def test_without_the_statement_nothing_is_written(lib: Library, tmp_path: Path) -> None:
    picked = found(lib)
    sheet = looked_at(lib, picked)
    sheet.say(False)
    with pytest.raises(BadInputError, match="nobody said"):
        model.export(CTX, lib, picked, Kind.CSV, tmp_path / "out", sheet)
    assert not (tmp_path / "out").exists()


def test_who_stands_under_a_pseudonym_is_found_and_is_on_record(lib: Library, tmp_path: Path) -> None:
    picked = found(lib, "adler")
    model.export(CTX, lib, picked, Kind.CSV, tmp_path / "out", looked_at(lib, picked))
    pseudonym = (tmp_path / "out" / "cases.csv").read_text().splitlines()[1].split(",")[0]
    assert model.who_is(CTX, lib, f" {pseudonym} ") == "P-0  Adler"
    with pytest.raises(BadInputError, match="nobody in this library"):
        model.who_is(CTX, lib, "W-nobody")


def test_what_was_left_out_is_said_by_visit_and_long_lists_are_counted() -> None:
    left = [LeftOut("v1", "heatmap", "it has none")] * (model.SHOWN_LEFT_OUT + 5)
    lines = model.left_out_lines(left, {"v1": "14 May 2026  P-001"})
    assert lines[0] == "14 May 2026  P-001: heatmap: it has none."
    assert lines[-1] == "... and 5 more."
    assert len(lines) == model.SHOWN_LEFT_OUT + 1
    assert model.left_out_lines([LeftOut("W-1-2", "x", "y")], {}) == ("W-1-2: x: y.",)


# the sheet


def sheet_of(count: int = 3, *, width: int = 100, height: int = 80) -> Sheet:
    return Sheet(tuple(SheetPicture(f"i{number}", width, height, f"Picture {number}") for number in range(count)))


def all_seen(sheet: Sheet) -> Sheet:
    sheet.saw(picture.id for picture in sheet.pictures)
    sheet.say(True)
    return sheet


def test_nobody_says_that_she_looked_before_all_were_in_sight() -> None:
    sheet = sheet_of()
    sheet.saw(["i0", "i1"])
    sheet.say(True)
    assert not sheet.looked_at
    assert sheet.seen_words == "1 of them not in sight yet: scroll to the end."
    assert all_seen(sheet).looked_at
    assert sheet.seen_words == "All were in sight."


def test_a_picture_that_is_left_out_need_not_be_seen_but_once_it_is_back_it_must() -> None:
    sheet = sheet_of()
    sheet.leave_out("i2", out=True)
    sheet.saw(["i0", "i1"])
    sheet.say(True)
    assert sheet.looked_at
    sheet.leave_out("i2", out=False)
    assert not sheet.looked_at
    assert not sheet.said
    assert sheet.to_see == 1


def test_what_cannot_be_shown_does_not_go_out() -> None:
    sheet = sheet_of()
    sheet.cannot_show("i1", "it is lost")
    assert sheet.goes_out == {"i0", "i2"}
    assert sheet.state(sheet.pictures[1]) == "cannot be read: left out"


def test_a_smaller_margin_lays_bare_what_must_be_looked_at_again() -> None:
    sheet = sheet_of()
    sheet.use_margin(20)
    all_seen(sheet)
    sheet.use_margin(30)
    assert sheet.looked_at
    sheet.use_margin(10)
    assert (sheet.looked_at, sheet.to_see) == (False, 3)


def test_a_margin_that_covers_all_of_a_picture_leaves_it_out() -> None:
    sheet = sheet_of()
    sheet.use_margin(40)
    assert sheet.goes_out == frozenset()
    assert sheet.state(sheet.pictures[0]) == "all margin: left out"
    assert sheet.seen_words == "No picture would go out."
    assert not sheet.may_say
    sheet.use_margin(10**9)
    assert sheet.margin == 2000


def test_boxes_are_cut_to_the_picture_and_those_beside_it_are_none() -> None:
    sheet = sheet_of()
    picture = sheet.pictures[0]
    assert sheet.add_box(picture, (90, 70, -5, 60))  # corners in any order
    assert sheet.boxes["i0"] == ((0, 60, 90, 70),)
    assert not sheet.add_box(picture, (100, 0, 120, 20))
    assert not sheet.add_box(picture, (10, 10, 10, 30))
    assert sheet.add_box(picture, (0, 0, 5, 5))
    assert sheet.state(picture) == "2 boxes"


def test_a_box_taken_away_takes_back_what_was_said() -> None:
    sheet = sheet_of()
    sheet.add_box(sheet.pictures[0], (0, 0, 5, 5))
    all_seen(sheet)
    assert sheet.take_box("i0")
    assert not sheet.said
    assert sheet.to_see == 1
    assert not sheet.take_box("i0")


def test_boxes_of_a_picture_that_stays_here_are_not_asked_for() -> None:
    sheet = sheet_of()
    for picture in sheet.pictures[:2]:
        sheet.add_box(picture, (0, 0, 5, 5))
    sheet.leave_out("i0", out=True)
    assert set(sheet.boxes_that_go_out) == {"i1"}


def test_other_visits_keep_what_was_done_with_pictures() -> None:
    before = all_seen(sheet_of(2))
    before.add_box(before.pictures[0], (0, 0, 5, 5))
    before.add_box(before.pictures[1], (0, 0, 5, 5))
    before.leave_out("i1", out=True)
    before.use_margin(4)
    after = sheet_of(3)
    after.carry_on(before)
    assert (after.margin, set(after.boxes), after.left_out, after.said) == (4, {"i0", "i1"}, {"i1"}, False)
    assert after.to_see == 1
    fewer = sheet_of(1)
    fewer.carry_on(before)
    assert (set(fewer.boxes_that_go_out), fewer.goes_out) == ({"i0"}, {"i0"})
    assert not fewer.looked_at
    back = sheet_of(2)
    back.carry_on(fewer)
    assert (set(back.boxes), back.left_out, back.to_see) == ({"i0", "i1"}, {"i1"}, 0)
    again = sheet_of(2)
    again.carry_on(before)
    assert again.looked_at


@pytest.mark.parametrize("kind", RESEARCH)
def test_visits_of_nobody_are_not_looked_at_for_a_set_and_it_is_said(lib: Library, kind: Kind) -> None:
    nobody = unassigned.begin_unassigned(lib, "Dr. Test").id
    cases.add_picture(lib, nobody, png(77), stage=Stage.ACETIC_ACID)
    picked = Picked(cases.today(lib))
    sheet = model.find_pictures(CTX, lib, picked)
    assert len(sheet.pictures) == 4
    said = model.plan_words(picked, kind, encrypted=True, sheet=None)
    assert said.startswith("2 women, 2 visits, 4 pictures, under pseudonyms.\n\n1 visit not assigned to a patient yet")
    alone = Picked(tuple(row for row in picked.rows if row.visit.id == nobody))
    assert model.plan_words(alone, kind, encrypted=True, sheet=None) == model.UNASSIGNED_ONLY
    assert model.why_not_yet(alone, kind, Path("/x"), Sheet(())) == model.UNASSIGNED_ONLY
    assert model.why_not_yet(alone, Kind.NAMED, Path("/x"), None) == ""
    assert "Unassigned" in model.visit_words(alone.rows[0])
