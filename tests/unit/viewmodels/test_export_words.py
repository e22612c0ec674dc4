"""Words found on the sheet for research: shown, taken away, put back, jumped to, and waited for."""

from __future__ import annotations

from pathlib import Path

import pytest

from pfm_desktop.viewmodels.export import Kind, Picked, why_not_yet
from pfm_desktop.viewmodels.export_sheet import Sheet, SheetPicture
from pfm_desktop.viewmodels.export_words import laid_bare, next_to_look_through, next_with_words, words_at

BOX, OTHER = (10, 10, 40, 20), (10, 30, 40, 40)
PICTURES = tuple(SheetPicture(f"p{number}", 100, 80, "14 May 2026, Acetic acid") for number in range(4))


@pytest.fixture
def sheet() -> Sheet:
    """Four pictures; words in the second and the last."""
    sheet = Sheet(PICTURES, looking=True)
    for number, boxes in enumerate(((), (BOX, OTHER), (), (BOX,))):
        sheet.found_words(f"p{number}", boxes)
    return sheet


def said(sheet: Sheet) -> Sheet:
    sheet.saw(picture.id for picture in PICTURES)
    sheet.say(True)
    assert sheet.looked_at
    return sheet


def test_what_was_found_is_said_of_the_picture_and_of_all(sheet: Sheet) -> None:
    assert sheet.state(PICTURES[0]) == ""
    assert sheet.state(PICTURES[1]) == "words found in 2 places"
    sheet.add_box(PICTURES[3], (0, 0, 5, 5))
    assert sheet.state(PICTURES[3]) == "1 box, words found in 1 place"
    assert sheet.words_words == "The program found words in 2 pictures; it misses some."
    assert Sheet(()).words_words == "The program found no words; it misses some."


def test_how_many_are_still_to_be_looked_through_is_said_and_what_stays_here_is_not_waited_for() -> None:
    sheet = Sheet(PICTURES, looking=True)
    assert next_to_look_through(sheet) == "p0"
    sheet.found_words("p0", ())
    assert (next_to_look_through(sheet), sheet.to_look_through) == ("p1", 3)
    assert sheet.words_words == "The program looks for words: 3 pictures to go."
    sheet.leave_out("p1", out=True)
    sheet.leave_out("p2", out=True)
    assert sheet.words_words == "The program looks for words: 1 picture to go."
    sheet.found_words("p3", ())
    assert next_to_look_through(sheet) == ""
    sheet.leave_out("p1", out=False)
    assert next_to_look_through(sheet) == "p1"


def test_words_laid_bare_take_the_statement_back_and_the_picture_must_be_seen_again(sheet: Sheet) -> None:
    said(sheet).take_words("p1", 0)
    assert sheet.words["p1"] == (OTHER,)
    assert not sheet.said
    assert sheet.to_see == 1
    assert laid_bare(sheet) == 1


def test_what_was_laid_bare_is_covered_again_last_first(sheet: Sheet) -> None:
    sheet.take_words("p1", 0)
    sheet.take_words("p1", 0)
    assert sheet.words["p1"] == ()
    assert sheet.put_words_back("p1")
    assert sheet.words["p1"] == (OTHER,)
    assert sheet.put_words_back("p1")
    assert set(sheet.words["p1"]) == {BOX, OTHER}
    assert not sheet.put_words_back("p1")
    assert laid_bare(sheet) == 0


def test_covering_again_takes_nothing_back(sheet: Sheet) -> None:
    sheet.take_words("p1", 0)
    said(sheet).put_words_back("p1")
    assert sheet.looked_at


def test_words_that_come_late_cover_more_and_take_nothing_back() -> None:
    sheet = said(Sheet(PICTURES))
    sheet.found_words("p2", (BOX,))
    assert sheet.looked_at


def test_a_second_answer_does_not_cover_what_somebody_laid_bare(sheet: Sheet) -> None:
    sheet.take_words("p3", 0)
    sheet.found_words("p3", (BOX,))
    assert sheet.words["p3"] == ()


def test_the_next_picture_with_words_is_found_around_the_end_also_when_they_were_laid_bare(sheet: Sheet) -> None:
    assert [next_with_words(sheet, row) for row in (-1, 0, 1, 2, 3)] == [1, 1, 3, 3, 1]
    sheet.take_words("p3", 0)
    assert next_with_words(sheet, 1) == 3
    sheet.leave_out("p3", out=True)
    assert next_with_words(sheet, 1) == 1
    sheet.leave_out("p1", out=True)
    assert next_with_words(sheet, 1) is None


def test_a_place_is_in_the_box_whose_pixels_it_touches(sheet: Sheet) -> None:
    assert words_at(sheet, "p1", 10, 10) == 0
    assert words_at(sheet, "p1", 39.9, 39.9) == 1
    assert words_at(sheet, "p1", 40, 20) is None
    assert words_at(sheet, "p0", 20, 15) is None


def test_only_what_goes_out_is_handed_on(sheet: Sheet) -> None:
    sheet.leave_out("p3", out=True)
    assert sheet.words_that_go_out == {"p0": (), "p1": (BOX, OTHER), "p2": ()}


def test_other_visits_keep_what_was_found_and_laid_bare(sheet: Sheet) -> None:
    sheet.take_words("p1", 0)
    later = Sheet(PICTURES[1:])
    later.carry_on(sheet)
    assert later.words["p1"] == (OTHER,)
    assert later.bare["p1"] == (BOX,)
    assert next_with_words(later, -1) == 0


def test_the_export_waits_until_all_was_looked_through(sheet: Sheet, tmp_path: Path) -> None:
    del sheet.words["p0"]
    assert said(sheet).why_not_yet == "The program looks for words: 1 picture to go."
    sheet.found_words("p0", ())
    assert sheet.why_not_yet == ""
    assert why_not_yet(Picked(), Kind.CSV, tmp_path, sheet) != ""


def test_where_the_program_cannot_look_nothing_goes_out_and_the_reason_is_said(sheet: Sheet) -> None:
    said(sheet).cannot_look = "the file is damaged"
    assert sheet.why_not_yet == "The program cannot look for words: the file is damaged"
    assert sheet.words_words == sheet.why_not_yet
