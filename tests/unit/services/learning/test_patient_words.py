"""Names, identifiers and days of women are found in whatever way they are written, and other words are left alone."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pfm_desktop.services import cases
from pfm_desktop.services.learning.own_words import without_own
from pfm_desktop.services.learning.patient_words import PatientWords, told_in, words_of
from pfm_desktop.storage import learning as stored
from pfm_desktop.storage.access import mask
from pfm_desktop.storage.library import Library


@pytest.fixture
def words(lib: Library) -> PatientWords:
    li = cases.add_patient(lib, identifier="PX-4703", family_name="Li", given_name="Xiaoming")
    cases.add_visit(lib, li.id, started_at=datetime(2026, 3, 4, 12, 0, tzinfo=UTC))
    cases.add_patient(
        lib, identifier="4711", family_name="van der Velden", given_name="Anna Zoé", birth_date=date(1980, 2, 29)
    )
    cases.add_patient(lib, identifier="12", family_name="Zwetschke", given_name="A.")
    cases.add_patient(lib, identifier="C 7.5", family_name="李娜", given_name="Łucja")
    cases.add_patient(lib, identifier="K-1", family_name="O'Brien", given_name="Müller-Lüdenscheid")
    return words_of(lib)


@pytest.mark.parametrize(
    "said",
    [
        "cases of Xiaoming Li", "cases of XIAOMING", "li", "the Li-case", "Li3", "3Li",
        "cases of van der Velden", "Van  Der\nVelden", "van-der-velden's", "Velden",
        "anna zoe", "ANNA ZOÉ", "Anna Zoe\u0301", "with Anna", "Zwetschke3-cases", "zwetschke_set",
        "病例 李娜的", "O'Brien", "o\u2019brien", "Muller-Ludenscheid", "of Lüdenscheid",
    ],
)  # fmt: skip
def test_names_are_found_as_whole_words_without_case_and_accents(words: PatientWords, said: str) -> None:
    assert "is a name of hers" in told_in(said, words)


@pytest.mark.parametrize(
    "said", ["PX-4703b visit", "px4703", "PX_4703", "A-PX-4703-2", "case 4711", "n4711b", "C 7.5", "c-7-5", "k-1"]
)
def test_identifiers_are_found_also_within_a_longer_code(words: PatientWords, said: str) -> None:
    assert "is an identifier of hers" in told_in(said, words)


@pytest.mark.parametrize(
    "said",
    [
        "visit 2026-03-04", "20260304", "4.3.2026", "04.03.2026", "04/03/2026", "3/4/2026", "4 March 2026",
        "March 4th, 2026", "4. Mar 2026", "2026/3/4", "x20260304y", "04032026", "born 29.02.1980", "1980_02_29",
    ],
)  # fmt: skip
def test_days_of_visits_and_births_are_found_in_the_ways_people_write_them(words: PatientWords, said: str) -> None:
    assert "a day on which a woman of this library was seen or born" in told_in(said, words)


@pytest.mark.parametrize(
    "said",
    [
        "cases of this clinic", "12 cases", "0.4711 of 3.4711, 4711.5", "47110", "PX-47031", "XPX 4703", "k-12",
        "limit, light, online", "a van; der; den", "2026-03-05", "2026-13-04", "31.02.1980", "in 2026", "",
    ],
)  # fmt: skip
def test_other_words_and_numbers_tell_nothing(words: PatientWords, said: str) -> None:
    assert told_in(said, words) == ""


def test_the_word_itself_is_said_so_that_somebody_can_take_it_out(words: PatientWords) -> None:
    assert told_in("the case of Van der  Velden", words).endswith("('van der  velden' is a name of hers)")


def test_an_empty_library_has_no_words(lib: Library) -> None:
    assert words_of(lib) == PatientWords()
    assert told_in("anything of 2026-03-04", PatientWords()) == ""


def test_pseudonyms_are_identifiers_as_well(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    woman = cases.add_patient(lib, identifier="K-1")
    monkeypatch.setattr(stored, "names_of", lambda *_: {woman.id: ("K-1", "P-00042")})
    assert "is an identifier" in told_in("P-00042", words_of(lib))


def test_days_of_visits_are_not_given_to_who_is_blind(lib: Library) -> None:
    from pfm_desktop.domain.people import Account, Role

    cases.add_visit(lib, cases.add_patient(lib, identifier="K-1").id)
    with lib.read() as session:
        assert len(stored.moments_of_visits(session)) == 1
        mask(session, Account("1", "Anna", frozenset({Role.ANNOTATOR})))
        assert stored.moments_of_visits(session) == ()


@pytest.mark.parametrize("part", ["jan", "4 ", " ", "1.", "1/", "1 " + " " * 50, "1"])
def test_a_hostile_text_of_the_largest_size_is_read_to_its_end(part: str) -> None:
    text = (part * 2**18)[: 2**18]
    assert told_in(without_own(text, ()), PatientWords(days=frozenset({date(1980, 2, 29)}))) == ""
