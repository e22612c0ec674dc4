"""The tables of a set for research, without a library."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date

import pytest

from pfm_desktop.domain.findings import SWEDE_ITEMS, SwedeScore
from pfm_desktop.domain.source import PLACES, Source, Stage
from pfm_desktop.interop.tabular import COLUMNS
from pfm_desktop.services.export.research_case import ResearchCase, ResearchPicture, ResearchPin, ResearchRead
from pfm_desktop.services.export.research_tables import CASE_COLUMNS, READ_COLUMNS, coco_pictures, manifest, tables

WHITE = ResearchPicture(
    "W-1-a-white", "pictures/W-1-a-white.png", Stage.ACETIC_ACID, 100, 80, 90.0, 60.0, 0.03, (50.25, 40.5),
    ((1.0, 2.0), (90.0, 2.0), (90.0, 70.0)), (ResearchPin("A", (10.0, 20.0), 3), ResearchPin("B", (5.0, 6.0), None)),
)  # fmt: skip
LIT = replace(
    WHITE, code="W-1-a-lit", file="pictures/W-1-a-lit.png", stage=Stage.FLUORESCENCE_AFTER_ACID, seconds=None,
    seconds_since_acid=None, mm_per_px=None, os=None, cervix=None, pins=(),
)  # fmt: skip
CASE = ResearchCase(
    "W-1", "W-1-a", date(2025, 10, 26), 34, "high", "low", "high", True, SwedeScore(2, 1, 0, None, 1), (WHITE, LIT),
    {Source.WHITE: WHITE.code, Source.FLUORESCENCE: LIT.code},
)  # fmt: skip
DIGESTS = {WHITE.code: "one", LIT.code: "two"}


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"))))


def test_a_case_is_one_line_and_what_is_not_known_is_empty() -> None:
    (row,) = read(tables([CASE])["cases.csv"])
    assert tuple(row) == CASE_COLUMNS
    assert (row["day"], row["age"], row["ai_revealed"]) == ("2025-10-26", "34", "yes")
    assert [row[item.key] for item in SWEDE_ITEMS] == ["2", "1", "0", "", "1"]
    assert row["swede_total"] == ""  # never summed before all five are assessed
    (unread,) = read(tables([replace(CASE, age=None, impression="", revealed=False)])["cases.csv"])
    assert (unread["age"], unread["impression"], unread["ai_revealed"]) == ("", "", "no")


def test_a_swede_score_of_nought_is_not_an_empty_one() -> None:
    (row,) = read(tables([replace(CASE, swede=SwedeScore(0, 0, 0, 0, 0))])["cases.csv"])
    assert row["swede_total"] == "0"


def test_pictures_have_their_marks_in_their_own_pixels() -> None:
    white, lit = read(tables([CASE])["pictures.csv"])
    assert (white["source"], white["stage"], white["os_x"], white["os_y"]) == ("white", "acetic_acid", "50.25", "40.5")
    assert white["cervix"] == "1.00 2.00, 90.00 2.00, 90.00 70.00"
    assert [lit[name] for name in ("source", "seconds", "os_x", "cervix")] == ["fluorescence", "", "", ""]


def test_biopsy_sites_stand_by_picture_with_their_hour() -> None:
    rows = read(tables([CASE])["pins.csv"])
    assert [(row["picture"], row["letter"], row["x"], row["hour"]) for row in rows] == [
        (WHITE.code, "A", "10.0", "3"),
        (WHITE.code, "B", "5.0", ""),
    ]


def test_the_manifest_has_the_columns_that_training_asks_for() -> None:
    data, unlabelled = manifest([CASE], DIGESTS)
    (row,) = read(data)
    assert tuple(row)[: len(COLUMNS)] == COLUMNS
    assert (row["white"], row["fluorescence"], row["grade"], row["grade_from"]) == (
        WHITE.file, LIT.file, "high", "impression",
    )  # fmt: skip
    assert unlabelled == ()


@pytest.mark.parametrize("source", PLACES)
def test_a_case_of_one_source_leaves_the_other_column_empty(source: Source) -> None:
    other = Source.WHITE if source is Source.FLUORESCENCE else Source.FLUORESCENCE
    data, _ = manifest([replace(CASE, pair={source: CASE.pair[source]})], DIGESTS)
    (row,) = read(data)
    assert row[source.value]
    assert row[other.value] == ""


@pytest.mark.parametrize(
    ("case", "why"),
    [(replace(CASE, impression=""), "no label, and no impression"), (replace(CASE, pair={}), "no pair of pictures")],
)
def test_a_case_that_nothing_can_be_learned_from_is_named_with_its_reason(case: ResearchCase, why: str) -> None:
    data, unlabelled = manifest([case], DIGESTS)
    assert read(data) == []
    assert [(one.case, one.why) for one in unlabelled] == [("W-1-a", why)]


def test_of_two_cases_with_one_picture_the_first_that_counts_is_named() -> None:
    without, second = replace(CASE, case="W-1-0", impression=""), replace(CASE, case="W-1-b")
    data, unlabelled = manifest([without, CASE, second], DIGESTS)
    assert [row["case"] for row in read(data)] == ["W-1-a"]
    assert [one.case for one in unlabelled] == ["W-1-0", "W-1-b"]


def test_pictures_for_coco_carry_their_case_and_marks() -> None:
    white, lit = coco_pictures([CASE])
    assert (white.file, white.width, white.height) == (WHITE.file, 100, 80)
    assert (white.os, white.biopsies) == ((50.25, 40.5), (("A", (10.0, 20.0)), ("B", (5.0, 6.0))))
    assert (lit.os, lit.cervix, lit.biopsies) == (None, None, ())
    assert lit.facts["patient"] == "W-1"


READ = ResearchRead(
    WHITE.code, LIT.code, "R2", "T1", 7, 1, False, "low", "", "limited", 4.5, False,
    ((Source.WHITE, ((1.0, 2.0), (9.0, 2.0), (9.0, 7.0))),),
)  # fmt: skip


def test_every_read_is_a_line_of_its_own() -> None:
    other = replace(READ, reader="R1", turn=2, adjudicates=True, grade="", reason="blurred", quality="", regions=())
    one, two = read(tables([replace(CASE, reads=(READ, other))])["reads.csv"])
    assert tuple(one) == READ_COLUMNS
    assert (one["task"], one["place"]) == ("T1", "7")
    assert (one["reader"], one["grade"], one["turn"], one["adjudicates"]) == ("R2", "low", "1", "no")
    assert one["regions"] == "white: 1.00 2.00, 9.00 2.00, 9.00 7.00"
    assert (two["not_gradable"], two["adjudicates"], two["turn"]) == ("blurred", "yes", "2")
    assert read(tables([CASE])["reads.csv"]) == []


def test_a_label_comes_before_the_impression_and_says_where_it_is_from() -> None:
    labelled = replace(CASE, histology="cancer", label="cancer", label_from="histology")
    (line,) = read(manifest([labelled], DIGESTS)[0])
    assert (line["grade"], line["grade_from"]) == ("cancer", "histology")
    (line,) = read(manifest([replace(CASE, impression="", label="low", label_from="majority")], DIGESTS)[0])
    assert (line["grade"], line["grade_from"]) == ("low", "majority")
    (line,) = read(manifest([CASE], DIGESTS)[0])
    assert (line["grade"], line["grade_from"]) == ("high", "impression")
    (case,) = read(tables([labelled])["cases.csv"])
    assert (case["histology"], case["label"], case["label_from"]) == ("cancer", "cancer", "histology")


def test_a_second_picture_of_another_source_is_no_fluorescence_in_a_manifest_and_is_named_by_its_stage() -> None:
    green = replace(LIT, code="W-1-a-green", file="pictures/W-1-a-green.png", stage=Stage.GREEN)
    case = replace(CASE, pictures=(WHITE, green), pair={Source.WHITE: WHITE.code, Source.GREEN: green.code})
    rows, left = manifest([case], {**DIGESTS, green.code: "three"})
    (row,) = read(rows)
    assert (row["white"], row["fluorescence"]) == (WHITE.file, "")
    assert left == ()
    assert [line["stage"] for line in read(tables([case])["pictures.csv"])] == ["acetic_acid", "green"]
