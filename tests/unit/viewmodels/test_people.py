"""Changing an account does all of it, or says what of it was done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pfm_desktop.domain.people import Account, Role
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import accounts
from pfm_desktop.storage import keys
from pfm_desktop.storage.keys import WrongPasswordError
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import KEYS, KEYS_COPY
from pfm_desktop.support.errors import UserError
from pfm_desktop.viewmodels import people

CTX = SilentContext()
OWN, OLD, NEW = "four words that differ", "bea sleeps in blue sheets", "quite another sentence"
BOTH = {Role.CLINICIAN, Role.ADMINISTRATOR}


@pytest.fixture
def lib(tmp_path: Path) -> Iterator[Library]:
    with accounts.make_library(tmp_path / "clinic", "Ada", OWN)[0] as made:
        accounts.add(made, "Bea Rothmann", {Role.CLINICIAN}, OLD)
        yield made


def bea(lib: Library) -> Account:
    return next(one for one in accounts.everybody(lib) if one.name == "Bea Rothmann")


def test_roles_stay_where_the_new_password_is_refused(lib: Library) -> None:
    said = people.change(CTX, lib, OWN, bea(lib), BOTH, True, "Bea Rothmann 12")
    assert isinstance(said, UserError)
    assert "nothing was changed" in str(said)
    assert bea(lib).roles == {Role.CLINICIAN}


def test_who_is_switched_on_with_a_refused_password_stays_switched_off(lib: Library) -> None:
    off = accounts.change(lib, bea(lib), active=False)
    assert isinstance(people.change(CTX, lib, OWN, off, off.roles, True, "Bea Rothmann 12"), UserError)
    assert not bea(lib).active
    assert isinstance(people.change(CTX, lib, OWN, off, off.roles, True, NEW), people.Done)
    assert bea(lib).active
    with pytest.raises(WrongPasswordError):
        keys.unlock(lib.path, "Bea Rothmann", OLD)


def test_where_only_the_password_could_be_set_that_is_said(lib: Library) -> None:
    ada = next(one for one in accounts.everybody(lib) if one.name == "Ada")
    said = people.change(CTX, lib, OWN, ada, {Role.CLINICIAN}, True, NEW)
    assert isinstance(said, UserError)
    assert "last administrator" in str(said)
    assert said.safe == "the new password is set; roles, and who may sign in, are as before"
    assert keys.unlock(lib.path, "Ada", NEW)


def test_the_list_stands_without_a_key_file(lib: Library) -> None:
    for name in (KEYS, KEYS_COPY):
        (lib.path / name).unlink()
    assert [row.name for row in people.rows(lib)] == ["Ada (you)", "Bea Rothmann"]


def test_who_makes_a_recovery_key_and_never_sees_it_is_reminded(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def killed(*_args: object) -> None:
        raise Killed

    monkeypatch.setattr(accounts.passwords, "settle", killed)
    with pytest.raises(Killed):  # behind the last step of the key file, before it is on the screen
        people.recovery_key(CTX, lib, OWN)
    monkeypatch.undo()
    path = lib.path
    lib.close()
    with accounts.sign_in(path, "Ada", OWN) as again:
        assert "nobody said that it is kept" in again.notice
