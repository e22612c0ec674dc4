"""The list of pseudonyms: one a woman, for good, and never one that tells who she is."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from pfm_desktop.domain.change import Change
from pfm_desktop.storage import crosswalk, journal
from pfm_desktop.storage.crosswalk import FARTHEST, SALT_BYTES, aliases, woman_called
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.removal import StillNeededError
from pfm_desktop.support.errors import StorageError


def add(lib: Library, number: int, family_name: str = "", identifier: str = "") -> str:
    key = f"{number:032x}"
    fields = {
        "identifier": identifier or f"K-{number}",
        "family_name": family_name,
        "given_name": "",
        "birth_date": None,
    }
    lib.apply(Change("patient", key, None, fields, "Patient added"))
    return key


def test_a_woman_keeps_her_alias(lib: Library) -> None:
    one, other = add(lib, 1), add(lib, 2)
    first = aliases(lib, [one])
    assert set(first) == {one}
    again = aliases(lib, [other, one, one])
    assert again[one] == first[one]
    assert len({alias.pseudonym for alias in again.values()}) == len({alias.salt for alias in again.values()}) == 2


def test_it_is_kept_when_the_library_is_closed(lib: Library) -> None:
    one = add(lib, 1)
    before = aliases(lib, [one])
    lib.close()
    with Library.open(lib.path) as opened:
        assert aliases(opened, [one]) == before


def test_pseudonyms_offsets_and_secrets_are_in_their_bounds(lib: Library) -> None:
    found = aliases(lib, [add(lib, number) for number in range(1, 60)]).values()
    assert all(re.fullmatch("W-[0-9a-f]{6}", alias.pseudonym) for alias in found)
    assert all(-FARTHEST <= alias.offset_days < 0 for alias in found), "never into the future"
    assert {len(alias.salt) for alias in found} == {SALT_BYTES}


@pytest.mark.parametrize(("drawn", "days"), [(0, -1), (729, -730)])
def test_dates_move_back_by_one_to_730_days(
    lib: Library, monkeypatch: pytest.MonkeyPatch, drawn: int, days: int
) -> None:
    monkeypatch.setattr(crosswalk.secrets, "randbelow", lambda _limit: drawn)
    one = add(lib, 1)
    assert aliases(lib, [one])[one].offset_days == days


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The random pseudonyms to come, in order."""
    tokens = iter(["abc123", "abc123", "0471aa", "5e5e5e"])
    token_hex = crosswalk.secrets.token_hex
    monkeypatch.setattr(crosswalk.secrets, "token_hex", lambda size: next(tokens) if size == 3 else token_hex(size))


@pytest.mark.usefixtures("drawn")
def test_a_pseudonym_is_given_once_and_never_holds_part_of_a_name_or_number(lib: Library) -> None:
    one, other = add(lib, 1), add(lib, 2, identifier="K 471")
    assert aliases(lib, [one])[one].pseudonym == "W-abc123"
    assert aliases(lib, [other])[other].pseudonym == "W-5e5e5e"


@pytest.mark.usefixtures("drawn")
def test_a_name_of_the_letters_a_to_f_is_avoided_too(lib: Library) -> None:
    one = add(lib, 1, family_name="ABC")
    assert aliases(lib, [one])[one].pseudonym == "W-0471aa"


def test_more_women_than_one_question_may_name(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crosswalk, "_AT_ONCE", 3)
    keys = [add(lib, number) for number in range(1, 9)]
    assert set(aliases(lib, keys)) == set(keys)


def test_an_id_that_is_no_patients_is_left_out(lib: Library) -> None:
    assert aliases(lib, ["f" * 32]) == {}


def test_who_stands_under_a_pseudonym_is_found(lib: Library) -> None:
    one = add(lib, 1, family_name="Müller")
    found = woman_called(lib, aliases(lib, [one])[one].pseudonym)
    assert found is not None
    assert found.family_name == "Müller"
    assert woman_called(lib, "W-000000-nobody") is None


def test_the_journal_does_not_repeat_the_list(lib: Library) -> None:
    one = add(lib, 1)
    alias = aliases(lib, [one])[one]
    with lib.read() as session:
        said = str(journal.entries(session))
    assert alias.pseudonym not in said
    assert alias.salt.hex() not in said


def test_the_offset_and_the_secret_are_not_shown_where_an_alias_is_printed(lib: Library) -> None:
    one = add(lib, 1)
    assert repr(aliases(lib, [one])[one]).startswith("Alias(pseudonym='W-")
    assert "offset" not in repr(aliases(lib, [one])[one])


def test_a_read_only_library_gives_no_new_alias(lib: Library) -> None:
    with Library.open(lib.path) as along, pytest.raises(StorageError, match="reading only"):
        aliases(along, [])


def test_a_woman_with_a_pseudonym_stays_on_record_so_that_it_can_be_told_whose_it_is(lib: Library) -> None:
    one = add(lib, 1)
    aliases(lib, [one])
    fields = {"identifier": "K-1", "family_name": "", "given_name": "", "birth_date": None}
    with pytest.raises(StillNeededError, match="pseudonym in exports"):
        lib.apply(Change("patient", one, fields, None, "Patient taken back"))
    with lib.read() as session:
        assert session.execute(text("SELECT count(*) FROM crosswalk")).scalar() == 1
