from __future__ import annotations

from pathlib import Path

import pytest

from pfm_desktop.support import language
from pfm_desktop.support.language import filled, number, read, tr

CATALOGUE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="fr_FR"><context><name></name>
<message><source>Open visit</source><translation>Ouvrir la visite</translation></message>
<message><source>open</source><comment>state</comment><translation>ouverte</translation></message>
<message><source>{a} of {b}</source><translation>{b} : {a}</translation></message>
<message numerus="yes"><source>%n visit(s)</source><translation>
<numerusform>%n visite</numerusform><numerusform>%n visites</numerusform></translation></message>
<message><source>later</source><translation type="unfinished">plus tard</translation></message>
<message><source>empty</source><translation></translation></message>
</context></TS>
"""


@pytest.fixture
def french(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The process speaks French, from a catalogue of its own."""
    path = tmp_path / "pfm_fr.ts"
    path.write_text(CATALOGUE, encoding="utf-8")
    monkeypatch.setenv(language.VARIABLE, "fr")
    monkeypatch.setattr(language, "catalogue", lambda _code: read(path))
    return path


def test_english_is_what_stands_in_the_source_with_the_right_number() -> None:
    assert tr("Open visit") == "Open visit"
    assert tr("{a} of {b}", a=1, b="x {y}") == "1 of x {y}"
    assert [tr("%n visit(s)", "", n) for n in (0, 1, 2, 12400)] == ["0 visits", "1 visit", "2 visits", "12,400 visits"]
    assert [tr("%n box(es) (of {all})", "", n, all=3) for n in (1, 2)] == ["1 box (of 3)", "2 boxes (of 3)"]
    assert [tr("%n (woman|women) (is|are) left", "", n) for n in (1, 2)] == ["1 woman is left", "2 women are left"]


def test_braces_are_left_alone_where_nothing_is_filled_in() -> None:
    assert tr("Closing words may name {name}.") == "Closing words may name {name}."


def test_a_translation_takes_the_place_of_the_words_its_comment_and_its_plural(french: Path) -> None:
    assert tr("Open visit") == "Ouvrir la visite"
    assert (tr("open", "state"), tr("open")) == ("ouverte", "open")
    assert tr("{a} of {b}", a=1, b=2) == "2 : 1"
    assert [tr("%n visit(s)", "", n) for n in (0, 1, 2)] == ["0 visite", "1 visite", "2 visites"]
    assert number(12400) == "12\N{NARROW NO-BREAK SPACE}400"


def test_what_is_not_finished_or_empty_stays_english(french: Path) -> None:
    assert tr("later") == "later"
    assert tr("empty") == "empty"
    assert tr("never heard of") == "never heard of"


def test_a_catalogue_that_is_missing_or_cut_off_shows_english(tmp_path: Path) -> None:
    broken = tmp_path / "pfm_es.ts"
    broken.write_text(CATALOGUE[:300], encoding="utf-8")
    assert read(broken) == {}
    assert read(tmp_path / "none.ts") == {}


@pytest.mark.parametrize(("asked", "spoken"), [("", "en"), ("fr", "fr"), ("tlh", "en")])
def test_a_language_that_is_not_there_is_english(monkeypatch: pytest.MonkeyPatch, asked: str, spoken: str) -> None:
    monkeypatch.setenv(language.VARIABLE, asked)
    assert language.current() == spoken
    monkeypatch.delenv(language.VARIABLE)
    assert language.current() == "en"


def test_plural_forms_follow_the_language() -> None:
    form = language.plural_form
    assert [form("zh", n) for n in (0, 1, 2)] == [0, 0, 0]
    assert [form("fr", n) for n in (0, 1, 2)] == [0, 0, 1]
    assert [form("es", n) for n in (0, 1, 2)] == [1, 0, 1]


ADDED = "Pictures of {who} were added to {n} of {day}."
ELSEWHERE = "%n picture(s) (is|are) on record for another woman ({who}): it may be hers"


def test_what_a_text_was_filled_with_is_known_again() -> None:
    said = tr(ADDED, who="P-1 (old)", n=3, day="3 May")
    assert filled(said, ADDED) == {"who": "P-1 (old)", "n": "3", "day": "3 May"}
    assert filled(said + " And more.", ADDED, who="P-1 (old)") is not None
    assert filled(said, ADDED, who="P-1") is None
    assert filled("Pictures of P-1 were left out.", ADDED) is None
    assert all(filled(tr(ELSEWHERE, "", n, who="P-2"), ELSEWHERE) == {"who": "P-2"} for n in (1, 2, 2000))


def test_what_a_translation_was_filled_with_is_known_again(french: Path) -> None:
    assert filled(tr("{a} of {b}", a=1, b=2), "{a} of {b}", b=2) == {"a": "1", "b": "2"}
    assert filled("1 of 2", "{a} of {b}") is None
    assert all(filled(tr("%n visit(s)", "", n), "%n visit(s)") == {} for n in (1, 12400))


def test_english_is_found_behind_what_is_shown(french: Path) -> None:
    language._sources.cache_clear()
    assert language.in_english("Ouvrir la visite") == ["Open visit"]
    assert language.in_english("never heard of") == ("never heard of",)
    language._sources.cache_clear()


def test_a_catalogue_that_cannot_be_read_is_said_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    language.catalogue.cache_clear()
    monkeypatch.setattr(language, "catalogue_file", lambda code: tmp_path / f"pfm_{code}.ts")
    (tmp_path / "pfm_es.ts").write_bytes(b"\xff\xfe broken")
    assert language.catalogue("es") == {}
    assert "pfm_es.ts is missing or damaged" in caplog.text
    caplog.clear()
    language.catalogue.cache_clear()
