"""What names of files and folders say."""

from __future__ import annotations

import pytest

from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.services.importing.words import plain, said_by, seconds_in, without_meaning


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("acid_60s", Stage.ACETIC_ACID),
        ("case001_aceto1", Stage.ACETIC_ACID),
        ("Acetic Acid", Stage.ACETIC_ACID),
        ("AceticAcid01", Stage.ACETIC_ACID),
        ("醋酸60秒", Stage.ACETIC_ACID),
        ("ácido acético", Stage.ACETIC_ACID),
        ("acide acétique", Stage.ACETIC_ACID),
        ("Essigsäure", Stage.ACETIC_ACID),
        ("after acid white light", Stage.ACETIC_ACID),
        ("lugol", Stage.LUGOL),
        ("Lugols iodine", Stage.LUGOL),
        ("碘染色", Stage.LUGOL),
        ("yodo", Stage.LUGOL),
        ("iode_2", Stage.LUGOL),
        ("Jodprobe", Stage.LUGOL),
        ("lugol after acid", Stage.LUGOL),
        ("green filter", Stage.GREEN),
        ("绿光", Stage.GREEN),
        ("filtro verde", Stage.GREEN),
        ("filtre vert", Stage.GREEN),
        ("Grünfilter", Stage.GREEN),
        ("saline", Stage.SALINE),
        ("生理盐水", Stage.SALINE),
        ("suero fisiológico", Stage.SALINE),
        ("Kochsalz", Stage.SALINE),
        ("fluorescence after acid", Stage.FLUORESCENCE_AFTER_ACID),
        ("fluo_acid_90s", Stage.FLUORESCENCE_AFTER_ACID),
        ("醋酸后荧光", Stage.FLUORESCENCE_AFTER_ACID),
        ("fluorescencia después", Stage.FLUORESCENCE_AFTER_ACID),
        ("fluorescence avant acide", Stage.FLUORESCENCE_BEFORE_ACID),
        ("Fluoreszenz vor Essig", Stage.FLUORESCENCE_BEFORE_ACID),
        ("醋酸前荧光", Stage.FLUORESCENCE_BEFORE_ACID),
        ("fluorescence_before", Stage.FLUORESCENCE_BEFORE_ACID),
    ],
)
def test_a_stage_is_read_in_five_languages(name: str, stage: Stage) -> None:
    said = said_by(name)
    assert said.stage is stage
    assert said.source is stage.source
    assert said.words


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("white light 1", Source.WHITE),
        ("WhiteLight01", Source.WHITE),
        ("白光", Source.WHITE),
        ("luz blanca", Source.WHITE),
        ("lumière blanche", Source.WHITE),
        ("Weißlicht", Source.WHITE),
        ("before acid", Source.WHITE),
        ("fluo_03", Source.FLUORESCENCE),
        ("荧光", Source.FLUORESCENCE),
        ("IMG_UV_2", Source.FLUORESCENCE),
        ("K-17_fl", Source.FLUORESCENCE),
    ],
)
def test_a_source_alone_leaves_the_stage_unknown(name: str, source: Source) -> None:
    said = said_by(name)
    assert (said.source, said.stage) == (source, None)


@pytest.mark.parametrize("name", ["IMG_0001", "DSC01234", "1", "", "Garcia", "picture", "flower", "avia", "20260314"])
def test_what_says_nothing_stays_unknown(name: str) -> None:
    said = said_by(name)
    assert (said.stage, said.source, said.seconds_since_acid, said.words) == (None, None, None, ())


@pytest.mark.parametrize("name", ["lugol green", "lugol acid", "fluorescence lugol", "碘 绿", "fluo before after"])
def test_a_name_that_says_two_stages_says_none_and_that_it_contradicts_itself(name: str) -> None:
    said = said_by(name)
    assert said.stage is None
    assert said.contradicts


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("acid_60s", 60),
        ("acid 60 s", 60),
        ("acid-90sec", 90),
        ("t120s", 120),
        ("acid_2min", 120),
        ("acid_1m30s", 90),
        ("acid 3 min", 180),
        ("醋酸60秒", 60),
        ("醋酸1分30秒", 90),
    ],
)
def test_seconds_after_acid_are_read(name: str, seconds: float) -> None:
    assert seconds_in(name) == seconds


@pytest.mark.parametrize("name", ["acid_60", "acid 60s 90s", "acid_9999s", "IMG60S2", "2026s3", "60", "x60s", ""])
def test_what_is_no_time_or_two_times_is_no_time(name: str) -> None:
    assert seconds_in(name) is None


def test_seconds_count_only_where_acid_can_be_meant() -> None:
    assert said_by("acid_60s").seconds_since_acid == 60
    assert said_by("lugol_60s").seconds_since_acid is None
    assert said_by("fluo_before_60s").seconds_since_acid is None
    assert said_by("IMG_60s").seconds_since_acid is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("K-17_01_white", "K-17_01_fluo"),
        ("01 acid 60s", "01 fluorescence 63s"),
        ("IMG_0001", "IMG_0001_fl"),
        ("3-白光", "3-荧光"),
    ],
)
def test_two_pictures_of_one_moment_have_the_same_rest_of_a_name(one: str, other: str) -> None:
    assert without_meaning(one) == without_meaning(other) != ""


def test_two_pictures_of_two_moments_have_not() -> None:
    assert without_meaning("01_white") != without_meaning("02_fluo")


def test_words_are_parted_by_capitals_signs_and_digits() -> None:
    assert plain("WhiteLight_01-Après.Essigsäure") == "white light apres essigsaure"


@pytest.mark.parametrize(
    "name",
    ["no acid", "without acid", "without acetic acid", "ohne Essig", "ohne 3% Essigsäure", "sin ácido", "sans acide",
     "pas d'acide", "w/o acid", "not acid", "未用醋酸", "无醋酸"],
)  # fmt: skip
def test_what_is_said_not_to_be_acid_is_none(name: str) -> None:
    said = said_by(name)
    assert (said.stage, said.contradicts) == (None, False)
    assert said_by(f"fluo {name}").stage is Stage.FLUORESCENCE_BEFORE_ACID


def test_what_is_denied_leaves_the_rest_of_a_name_as_it_is() -> None:
    assert said_by("saline no acid").stage is Stage.SALINE
    assert said_by("acid no lugol").stage is Stage.ACETIC_ACID
    assert said_by("no lugol").words == ()
    assert said_by("No 2 acid").stage is Stage.ACETIC_ACID  # a number, no denial


@pytest.mark.parametrize(
    "name",
    ["Greenwich", "Greenberg", "Salinas", "Natividad", "Acetolli", "Lugosi", "Whitehead", "Blancard"],
)
def test_names_that_only_begin_like_a_stage_say_none(name: str) -> None:
    assert said_by(name).stage is None
