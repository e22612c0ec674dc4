"""What is said of a library that is open for reading only, and of its end."""

from __future__ import annotations

import pytest

from pfm_desktop.domain.people import Account, Role
from pfm_desktop.storage.library import FULL, Library
from pfm_desktop.viewmodels.opening import bar_text, over_text, read_only_text


def test_a_library_that_can_be_written_needs_no_words(lib: Library) -> None:
    assert read_only_text(lib) == bar_text(lib) == ""
    lib.account = Account("1", "Anna Ablesen", frozenset({Role.CLINICIAN, Role.ANNOTATOR}))
    assert bar_text(lib) == ""


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ({Role.ANNOTATOR}, "annotator: reads for labels are written"),
        ({Role.ADJUDICATOR}, "adjudicator: reads for labels and decisions between readers are written"),
        ({Role.ADMINISTRATOR}, "administrator: accounts are kept here"),
        (
            {Role.ANNOTATOR, Role.ADMINISTRATOR},
            "annotator, administrator: reads for labels are written, accounts are kept here",
        ),
    ],
)
def test_who_changes_no_visits_is_told_what_they_do_change(lib: Library, roles: set[Role], said: str) -> None:
    lib.account = Account("1", "Anna Ablesen", frozenset(roles))
    assert bar_text(lib) == f"Anna Ablesen is {said}, nothing else can be changed"


def test_nobody_writes_where_the_library_is_only_read(lib: Library) -> None:
    lib.account = Account("1", "Anna Ablesen", frozenset({Role.ANNOTATOR}))
    lib.read_only_reason = "in use by Eve"
    assert bar_text(lib).startswith("Read only, nothing can be changed here: in use by Eve")


@pytest.mark.parametrize(
    ("reason", "then"),
    [
        (FULL, "Free some space: it can be opened for writing here then"),
        ("in use by Eve", "Once it is closed there it can be opened for writing here"),
        ("perhaps in use by another user of this computer: in use by Eve", "in use by Eve"),
        ("the folder cannot be written: Read-only file system", "Read-only file system"),
    ],
)
def test_why_it_only_reads_is_said_with_what_comes_next(lib: Library, reason: str, then: str) -> None:
    lib.read_only_reason = reason
    assert read_only_text(lib).startswith(reason)
    assert read_only_text(lib).endswith(then)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (FULL, "the disk has free space again"),
        ("in use by Eve", "the program that had the library has closed it or has ended"),
        ("the folder cannot be written: Read-only file system", "the folder can be written again"),
    ],
)
def test_the_end_of_each_reason_has_its_words(was: str, now: str) -> None:
    assert over_text(was) == f"Still open for reading only, but {now}."
