"""Whose picture, when, what it shows, which visit, which pair: guesses that say how sure they are and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.services.importing.dates import ExifTime, When, guessed_time, in_name, parsed_exif
from pfm_desktop.services.importing.guess import Guess, Sure
from pfm_desktop.services.importing.guessing import (
    GuessedPair,
    InVisit,
    guessed_pairs,
    guessed_shown,
    parted_by_time,
    stages_by_acid,
)
from pfm_desktop.services.importing.people import guessed_patient

NOON = datetime(2026, 3, 14, 12, 0).astimezone()


# whose


@pytest.mark.parametrize(
    ("folders", "stem", "value"),
    [
        (("export", "K-17"), "IMG_0001", "K-17"),
        (("export", "K-17", "2026-03-14", "acid"), "1", "K-17"),
        (("export", "K-17 Garcia"), "IMG_0001", "K-17"),
        (("DCIM", "100CANON", "P0012"), "IMG_0001", "P0012"),
        (("K-17.zip",), "IMG_0001", "K-17"),
        (("K-17", "visit 2"), "IMG_0001", "K-17"),
        (("export", "2024117"), "a", "2024117"),
        (("annocerv",), "case001_aceto1", "case001"),
        (("photos",), "K-17_acid_60s", "K-17"),
        (("photos", "Patient 1234"), "a", "1234"),
        (("photos", "patient_ID 0815"), "a", "0815"),
        (("照片", "病历号123456"), "醋酸", "123456"),
        (("fotos", "Paciente A-31"), "a", "A-31"),
        (("Bilder", "Patientin 715"), "a", "715"),
    ],
)
def test_what_looks_like_a_clinics_number_is_likely_hers(folders: tuple[str, ...], stem: str, value: str) -> None:
    guess = guessed_patient(folders, stem)
    assert (guess.value, guess.sure) == (value, Sure.LIKELY)
    assert guess.why


@pytest.mark.parametrize(
    ("folders", "stem"),
    [
        (("photos", "Garcia Maria"), "IMG_0001"),  # a name is no number
        (("Clinic2", "K-17"), "a"),  # fine: only the one below what was given counts
        (("all", "Clinic2", "K-17"), "a"),  # two numbers in one path
        (("K-17",), "F12_acid"),  # the folder and the name differ
        (("photos",), "20041_acid"),  # a number that a camera may count
    ],
)
def test_what_may_be_a_name_a_place_or_a_count_is_never_more_than_unsure(folders: tuple[str, ...], stem: str) -> None:
    guess = guessed_patient(folders, stem)
    assert guess.sure is (Sure.LIKELY if folders == ("Clinic2", "K-17") else Sure.UNSURE)


@pytest.mark.parametrize(
    ("folders", "stem"),
    [
        ((), "IMG_0001"),
        (("photos",), "IMG_0001"),
        (("DCIM", "100CANON"), "DSC01234"),
        (("2026-03-14",), "acid_60s"),
        (("export2024",), "frame12"),
        (("images", "visit2"), "white_2"),
        (("photos", "patient 12", "patient 13"), "a"),
        (("新建文件夹",), "醋酸60秒"),
        (("Garcia Maria",), "IMG_0001"),  # a word for all that was given
    ],
)
def test_where_no_name_says_whose_it_is_nobody_is_invented(folders: tuple[str, ...], stem: str) -> None:
    guess = guessed_patient(folders, stem)
    assert (guess.value, guess.sure) == (None, Sure.UNKNOWN)
    assert guess.why


# when


def test_the_pictures_own_time_with_its_zone_is_said() -> None:
    guess = guessed_time(exif=ExifTime("2026:03:14 10:15:22", "+08:00"), stem="2026-03-14", folders=(), modified=NOON)
    assert guess.value is not None
    assert guess.value.at == datetime(2026, 3, 14, 2, 15, 22, tzinfo=UTC)
    assert guess.sure is Sure.SAID


def test_a_time_without_zone_is_this_computers_and_says_so() -> None:
    guess = guessed_time(exif=ExifTime("2026:03:14 12:00:00"), stem="a", folders=(), modified=None)
    assert guess.value == When(NOON)
    assert guess.sure is Sure.LIKELY
    assert "zone" in guess.why


@pytest.mark.parametrize(
    "text",
    ["0000:00:00 00:00:00", "", "    :  :     :  :  ", "2026:13:41 10:00:00", "1980:01:01 00:00:00", "yesterday"],
)
def test_a_time_that_is_none_is_not_used(text: str) -> None:
    assert parsed_exif(ExifTime(text)) is None
    assert guessed_time(exif=ExifTime(text), stem="a", folders=(), modified=None).sure is Sure.UNKNOWN


@pytest.mark.parametrize("offset", ["", "Z", "+99:00", "+01:75", "abc"])
def test_an_offset_that_is_none_leaves_the_time_without_zone(offset: str) -> None:
    assert parsed_exif(ExifTime("2026:03:14 12:00:00", offset)) == NOON


@pytest.mark.parametrize(
    "name",
    ["IMG_20260314_120000", "2026-03-14 12.00.00", "2026-03-14_12-00", "20260314120000", "K-17_2026.03.14_12:00:00"],
)
def test_a_time_in_a_name_is_likely(name: str) -> None:
    guess = guessed_time(exif=None, stem=name, folders=(), modified=None)
    assert (guess.value, guess.sure) == (When(NOON), Sure.LIKELY)


@pytest.mark.parametrize(
    "name", ["2026-03-14", "20260314", "14.03.2026", "14.3.2026", "2026年3月14日", "visit 2026_03_14"]
)
def test_a_day_in_a_folders_name_is_a_day_without_time(name: str) -> None:
    guess = guessed_time(exif=None, stem="a", folders=("K-17", name), modified=None)
    assert guess.value is not None
    assert guess.value.day_only
    assert guess.value.day == NOON.date()


@pytest.mark.parametrize(
    "name", ["20261314", "12345678901234", "2026-03", "03-14-2026", "2026-03-14 2026-03-15", "1", ""]
)
def test_what_is_no_date_or_two_dates_is_no_date(name: str) -> None:
    assert in_name(name) is None


def test_a_day_that_the_files_time_agrees_with_gets_its_time() -> None:
    guess = guessed_time(exif=None, stem="2026-03-14", folders=(), modified=NOON)
    assert (guess.value, guess.sure) == (When(NOON), Sure.LIKELY)


def test_the_files_time_alone_is_unsure() -> None:
    guess = guessed_time(exif=None, stem="a", folders=(), modified=NOON)
    assert (guess.value, guess.sure) == (When(NOON), Sure.UNSURE)


# what


def test_the_files_own_name_comes_before_its_folders_and_the_inner_before_the_outer() -> None:
    assert guessed_shown(("green", "lugol"), "acid_60s", None).stage.value is Stage.ACETIC_ACID
    assert guessed_shown(("green", "lugol"), "1", None).stage.value is Stage.LUGOL
    assert guessed_shown(("green", "x"), "1", None).stage.value is Stage.GREEN


def test_a_folder_says_the_stage_of_the_source_that_the_name_says() -> None:
    assert guessed_shown(("after acid",), "fluo_1", None).stage.value is Stage.FLUORESCENCE_AFTER_ACID
    assert guessed_shown(("before acid",), "fluo_1", None).stage.value is Stage.FLUORESCENCE_BEFORE_ACID
    assert guessed_shown(("acid",), "white_1", None).stage.value is Stage.ACETIC_ACID


def test_colours_alone_say_the_source_as_a_guess_and_never_the_stage() -> None:
    shown = guessed_shown((), "IMG_0001", True)
    assert (shown.source.value, shown.source.sure, shown.stage.value) == (Source.FLUORESCENCE, Sure.UNSURE, None)
    assert guessed_shown((), "IMG_0001", False).source.value is Source.WHITE


def test_colours_do_not_contradict_a_green_filter_or_the_fluorescence_of_another_device() -> None:
    assert guessed_shown((), "green", True).stage.sure is Sure.LIKELY
    assert guessed_shown((), "fluo_after_acid", False).stage.sure is Sure.LIKELY


def test_colours_that_contradict_the_name_make_it_unsure() -> None:
    shown = guessed_shown((), "acid_60s", True)
    assert shown.stage.value is Stage.ACETIC_ACID
    assert {shown.stage.sure, shown.source.sure, shown.seconds_since_acid.sure} == {Sure.UNSURE}
    assert "colours" in shown.stage.why


@pytest.mark.parametrize("stem", ["fluo", "fluo_after_acid_60s", "K-17 autofluorescence"])
def test_white_light_named_fluorescence_is_unsure_and_says_so(stem: str) -> None:
    shown = guessed_shown((), stem, False, in_white_light=True)
    assert (shown.source.value, shown.source.sure) == (Source.FLUORESCENCE, Sure.UNSURE)
    assert Sure.LIKELY not in (shown.stage.sure, shown.seconds_since_acid.sure)
    assert shown.source.why.endswith("but its colours are those of white light")


@pytest.mark.parametrize("stem", ["acid", "green", "lugol", "white", "IMG_1"])
def test_white_light_named_so_is_not_doubted(stem: str) -> None:
    assert "but" not in guessed_shown((), stem, False, in_white_light=True).source.why


def test_a_name_that_contradicts_itself_says_nothing_and_says_so() -> None:
    shown = guessed_shown((), "lugol_green", False)
    assert (shown.stage.value, shown.source.value) == (None, None)
    assert "two stages" in shown.stage.why


def test_seconds_after_acid_come_with_the_stage() -> None:
    assert guessed_shown((), "acid_60s", False).seconds_since_acid.value == 60
    assert guessed_shown((), "IMG_1", False).seconds_since_acid.value is None


# visits and pairs


def one(
    key: str,
    seconds: float | None = None,
    *,
    source: Source | None = Source.WHITE,
    stage: Stage | None = None,
    folder: str = "in",
    day: bool = False,
) -> InVisit:
    when = None if seconds is None else When(NOON + timedelta(seconds=seconds), day_only=day)
    return InVisit(key, (folder,), key, source, stage, when)


def lit(key: str, seconds: float | None = None, stage: Stage | None = None) -> InVisit:
    return one(key, seconds, source=Source.FLUORESCENCE, stage=stage)


def test_another_day_or_hours_later_is_another_visit() -> None:
    pictures = [one("a", 0), one("b", 3600), one("c", 6 * 3600), one("d", 26 * 3600)]
    assert parted_by_time(pictures) == (("a", "b"), ("c",), ("d",))


def test_a_visit_goes_on_over_midnight() -> None:
    night = 12 * 3600  # from noon
    assert parted_by_time([one("a", night - 600), one("b", night + 300), one("c", night + 1800)]) == (("a", "b", "c"),)
    assert parted_by_time([one("a", night - 600), one("b", night + 3600)]) == (("a",), ("b",))


def test_a_picture_of_a_day_only_joins_the_visit_of_that_day() -> None:
    assert parted_by_time([one("a", 0), one("b", -12 * 3600, day=True)]) == (("a", "b"),)


def test_a_picture_without_time_joins_the_visit_of_its_folder() -> None:
    pictures = [one("a", 0, folder="x"), one("b", 86400, folder="y"), one("c", folder="y"), one("d", folder="z")]
    assert parted_by_time(pictures) == (("a",), ("b", "c"), ("d",))


def test_a_picture_without_time_whose_folder_holds_two_visits_stands_alone() -> None:
    assert parted_by_time([one("a", 0), one("b", 86400), one("c")]) == (("a",), ("b",), ("c",))


def keys(pairs: tuple[GuessedPair, ...]) -> list[tuple[str, str]]:
    return [(pair.white, pair.fluorescence) for pair in pairs]


def test_the_two_with_the_same_rest_of_a_name_are_a_pair_before_those_nearer_in_time() -> None:
    pictures = [one("1_white", 0), one("2_white", 100), lit("1_fluo", 99), lit("2_fluo", 140)]
    assert keys(guessed_pairs(pictures)) == [("2_white", "2_fluo"), ("1_white", "1_fluo")]


def test_else_the_nearest_in_time_are_a_pair_and_each_picture_is_in_one() -> None:
    pictures = [one("a", 0), one("b", 50), lit("c", 55), lit("d", 20)]
    assert keys(guessed_pairs(pictures)) == [("b", "c"), ("a", "d")]


def test_a_pair_minutes_apart_is_unsure_and_one_farther_apart_is_none() -> None:
    (pair,) = guessed_pairs([one("a", 0), lit("b", 300)])
    assert pair.guess.sure is Sure.UNSURE
    assert guessed_pairs([one("a", 0), lit("b", 3600)]) == ()


def test_the_only_two_of_a_visit_are_a_pair_also_without_times() -> None:
    assert keys(guessed_pairs([one("a"), lit("b")])) == [("a", "b")]
    assert guessed_pairs([one("a"), one("c"), lit("b")]) == ()


def test_steps_that_do_not_belong_together_are_never_a_pair() -> None:
    saline = one("a", 0, stage=Stage.SALINE)
    assert guessed_pairs([saline, lit("b", 5, Stage.FLUORESCENCE_AFTER_ACID)]) == ()
    assert len(guessed_pairs([saline, lit("b", 5, Stage.FLUORESCENCE_BEFORE_ACID)])) == 1


def test_fluorescence_later_than_a_picture_with_acid_is_after_acid() -> None:
    pictures = [one("a", 0, stage=Stage.ACETIC_ACID), lit("b", 90), lit("c", -90)]
    found = stages_by_acid(pictures, ())
    assert {key: guess.value for key, guess in found.items()} == {"b": Stage.FLUORESCENCE_AFTER_ACID}


def test_fluorescence_paired_with_a_picture_with_acid_is_after_acid() -> None:
    pictures = [one("1_acid", stage=Stage.ACETIC_ACID), lit("1_fluo")]
    found = stages_by_acid(pictures, guessed_pairs(pictures))
    assert found["1_fluo"].value is Stage.FLUORESCENCE_AFTER_ACID
    assert found["1_fluo"].sure is Sure.LIKELY


# doubts


@pytest.mark.parametrize(
    "folders",
    [("in", "Green Anna 4711"), ("in", "Verde 4715"), ("in", "AA 4713"), ("Via Roma clinic", "4719"), ("Via", "4719"),
     ("in", "K-17 acid"), ("in", "Weiss Anna"), ("Green", "Lang Ida")],
)  # fmt: skip
def test_a_stage_beside_a_number_or_name_is_only_a_guess(folders: tuple[str, ...]) -> None:
    shown = guessed_shown(folders, "IMG_1", False)
    assert {shown.source.sure, shown.stage.sure} <= {Sure.UNSURE, Sure.UNKNOWN}


@pytest.mark.parametrize(
    "folders", [("in", "Natividad Lopez 4712"), ("in", "Salinas Maria 4716"), ("Greenwich Hospital", "4717")]
)
def test_surnames_and_places_are_no_stage(folders: tuple[str, ...]) -> None:
    assert guessed_shown(folders, "IMG_1", False).stage.value is None


def test_a_surname_in_a_files_name_is_only_a_guess_and_a_stage_behind_the_number_is_likely() -> None:
    assert guessed_shown(("in",), "Green Anna 4711", False).stage.sure is Sure.UNSURE
    assert guessed_shown(("in",), "Verde 4715", False).stage.sure is Sure.UNSURE
    assert guessed_shown(("in",), "K-17 green", False).stage.sure is Sure.LIKELY
    assert guessed_shown(("in", "K-17", "green"), "1", False).stage.sure is Sure.LIKELY


def at(name: str = "a", *folders: str, exif: str = "") -> Guess[When]:
    now = datetime(2026, 11, 1).astimezone()
    return guessed_time(exif=ExifTime(exif) if exif else None, stem=name, folders=folders, modified=None, now=now)


@pytest.mark.parametrize(
    "name",
    ["Nowak Eva geb 12.05.1998 ID 4711", "Nowak geboren am 12.05.1998", "Nowak born 1998-05-12", "DOB_19980512",
     "nacida 12.05.1998", "née 12.05.1998", "f. 1998-05-12", "*12.05.1998", "1998-05-12 born", "出生1998年5月12日"],
)  # fmt: skip
def test_a_birth_date_is_no_day_of_a_visit(name: str) -> None:
    assert at("a", "in", name).value is None
    both = at("a", "in", f"2026-03-14 {name}")
    assert both.value is not None
    assert both.value.day == NOON.date()


def test_a_day_long_ago_in_a_name_may_be_a_birth_date_and_is_asked_about() -> None:
    assert at("a", "Nowak Eva 12.05.1998").sure is Sure.UNSURE
    assert at("a", "2020-03-14").sure is Sure.LIKELY


@pytest.mark.parametrize(
    ("exif", "name", "folders", "said"),
    [
        ("2000:01:01 00:10:00", "a", ("in", "2026-03-08"), ("01 Jan 2000", "08 Mar 2026")),
        ("2026:03:14 12:00:00", "2026-03-11 acid", (), ("14 Mar 2026", "11 Mar 2026")),
        ("", "2026-03-14", ("2026-04-14",), ("14 Mar 2026", "14 Apr 2026")),
        ("2026:03:14 12:00:00", "a", ("2025",), ("14 Mar 2026", "2025")),
        ("2026:03:14 12:00:00", "a", ("2026-05",), ("14 Mar 2026", "2026-05")),
    ],
)
def test_sources_that_differ_by_more_than_a_day_are_both_said_and_asked_about(
    exif: str, name: str, folders: tuple[str, ...], said: tuple[str, str]
) -> None:
    guess = at(name, *folders, exif=exif)
    assert guess.sure is Sure.UNSURE
    assert guess.contradicted
    assert all(one in guess.why for one in said)


def test_sources_a_day_apart_agree() -> None:
    assert at("2026-03-13", "2026-03", exif="2026:03:14 12:00:00").sure is Sure.LIKELY
    assert at("a", "2025", exif="2026:01:01 12:00:00").sure is Sure.LIKELY


@pytest.mark.parametrize("name", ["2027-01-01", "2036-05-01"])
def test_what_is_still_to_come_is_asked_about(name: str) -> None:
    assert at(name).sure is Sure.UNSURE
    assert at(exif=f"{name.replace('-', ':')} 10:00:00").sure is Sure.UNSURE


def test_the_day_on_which_clocks_begin_anew_is_asked_about() -> None:
    assert at(exif="2005:01:01 00:00:12").sure is Sure.UNSURE


def test_the_record_of_a_file_counts_most_and_is_contradicted_too() -> None:
    recorded = When(NOON, day_only=True)
    guess = guessed_time(exif=None, stem="a", folders=(), modified=None, recorded=recorded)
    assert (guess.value, guess.sure) == (recorded, Sure.SAID)
    against = guessed_time(exif=None, stem="a", folders=("2026-03-01",), modified=None, recorded=recorded)
    assert (against.value, against.sure) == (recorded, Sure.UNSURE)
    old = When(datetime(1985, 3, 1).astimezone())
    assert guessed_time(exif=None, stem="a", folders=(), modified=None, recorded=old).sure is Sure.UNSURE


@pytest.mark.parametrize("folder", ["943 476 5919", "A 1234", "01.01.1980-1237"])
def test_a_part_of_a_number_is_no_number(folder: str) -> None:
    found = guessed_patient(("stick", folder, "2026-03-04"), "acetic 60s")
    assert (found.value, found.sure) == (folder, Sure.UNSURE)


@pytest.mark.parametrize("folder", ["MRN004711", "PID12345", "26-00123", "0000123456"])
def test_numbers_that_clinics_write_in_one_are_seen(folder: str) -> None:
    found = guessed_patient(("stick", folder, "2026-03-04"), "acetic 60s")
    assert (found.value, found.sure) == (folder, Sure.LIKELY)


def test_acetic_acid_goes_with_fluorescence_before_iodine_and_green_whatever_the_minutes() -> None:
    glow = lit("d", 180, Stage.FLUORESCENCE_AFTER_ACID)
    acid, green, iodine = (
        one(name, seconds, stage=stage)
        for name, seconds, stage in (("a", 0, Stage.ACETIC_ACID), ("b", 60, Stage.GREEN), ("c", 120, Stage.LUGOL))
    )
    assert keys(guessed_pairs([iodine, green, acid, glow])) == [("a", "d")]
    assert keys(guessed_pairs([iodine, green, glow])) == [("b", "d")]
    assert keys(guessed_pairs([iodine, glow])) == [("c", "d")]
