"""Choices of the site are on record in each library that they hold for, also where they were made elsewhere."""

from __future__ import annotations

import pytest

from pfm_desktop.domain.labelling import AiShown
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import audit, lock_record
from pfm_desktop.services.lock_record import AI, CHOICES, LOCK, SiteChoice
from pfm_desktop.storage import journal
from pfm_desktop.storage.audit import Kind, Wanted
from pfm_desktop.storage.library import Library
from pfm_desktop.support.settings import AI_SHOWN, Settings

ALL = [(choice, chosen) for choice in CHOICES for chosen in choice.words]


def lines(lib: Library, choice: SiteChoice) -> list[str]:
    with lib.read() as session:
        return [line.text for line in journal.entries(session, what="setting", key=choice.key)]


def test_a_library_in_which_nothing_was_said_began_with_the_defaults(lib: Library) -> None:
    for choice in CHOICES:
        assert lock_record.on_record(lib, choice) == getattr(Settings(), choice.key) == choice.begins
        assert not lock_record.record_difference(lib, choice, choice.begins)
        assert lines(lib, choice) == []


def test_all_that_can_be_chosen_has_words_and_settings_offer_no_more() -> None:
    assert tuple(AI.words) == AI_SHOWN == tuple(one.value for one in AiShown)
    assert AI.begins == AiShown.HIDDEN.value


@pytest.mark.parametrize(("choice", "chosen"), ALL)
def test_what_was_chosen_is_on_record_by_whom(lib: Library, choice: SiteChoice, chosen: object) -> None:
    lib.who = "Dr. Roth"
    lock_record.record_switch(lib, choice, chosen)
    assert lock_record.on_record(lib, choice) == chosen
    (line,) = audit.read(SilentContext(), lib, Wanted(kind=Kind.SETTINGS))
    assert (line.who, line.text) == ("Dr. Roth", f"{choice.name} {choice.words[chosen]}")


@pytest.mark.parametrize(("choice", "chosen"), ALL)
def test_what_was_chosen_elsewhere_goes_on_record_once(lib: Library, choice: SiteChoice, chosen: object) -> None:
    other = next(one for one in choice.words if one != chosen)
    lock_record.record_switch(lib, choice, other)
    assert lock_record.record_difference(lib, choice, chosen)
    assert not lock_record.record_difference(lib, choice, chosen)
    assert len(lines(lib, choice)) == 2
    assert f"found {choice.words[chosen]} when the library was opened" in lines(lib, choice)[-1]


def test_one_choice_says_nothing_of_the_other(lib: Library) -> None:
    lock_record.record_switch(lib, LOCK, False)
    assert lock_record.on_record(lib, AI) == "hidden"
    lock_record.record_switch(lib, AI, "before")
    assert lock_record.on_record(lib, LOCK) is False
    assert lines(lib, AI) == ["AI answers in Annotate set to be shown before the grade where the task says so"]


def test_lines_of_older_versions_say_it_in_words_only(lib: Library) -> None:
    lib.record_event("setting", LOCK.key, "First-read lock switched off")
    assert lock_record.on_record(lib, LOCK) is False
    lib.record_event("setting", LOCK.key, "First-read lock switched on")
    assert lock_record.on_record(lib, LOCK) is True
    lib.record_event("setting", AI.key, "words of another version")
    assert lock_record.on_record(lib, AI) == "hidden"
