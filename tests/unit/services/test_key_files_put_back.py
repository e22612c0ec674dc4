"""Older key files that are put back: nobody is locked out, and what was replaced and opens again is told."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pfm_desktop.domain.people import Account, Role
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import accounts, backup, backup_folder, housekeeping
from pfm_desktop.storage import journal, keys, passwords
from pfm_desktop.storage.attempts import TooSoonError
from pfm_desktop.storage.keys import WrongPasswordError
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import KEYS, KEYS_COPY
from pfm_desktop.support.errors import BadInputError, UserError

pytestmark = pytest.mark.slow

CTX = SilentContext()
BOTH = (KEYS, KEYS_COPY)


def kept(lib: Library) -> dict[str, bytes]:
    return {name: (lib.path / name).read_bytes() for name in BOTH}


def put(lib: Library, files: dict[str, bytes], *names: str) -> None:
    for name in names:
        (lib.path / name).write_bytes(files[name])


def test_an_old_key_file_put_back_is_told_at_sign_in_on_record_and_by_a_check(tmp_path: Path) -> None:
    old, new = "four words that differ", "quite another sentence"
    with accounts.make_library(tmp_path / "clinic", "Dr. Ada", old)[0] as lib:
        older = kept(lib)
        accounts.change_own_password(lib, old, new)
        assert housekeeping.verify(CTX, lib).clean
    put(lib, older, *BOTH)
    with accounts.sign_in(lib.path, "Dr. Ada", old) as lib:
        assert "the password of Dr. Ada that opens the library is not the one that the database knows" in lib.notice
        with lib.read() as session:
            assert journal.entries(session)[-1].text.startswith("What was replaced opens the library again")
        (problem,) = housekeeping.verify(CTX, lib).problems
        assert "an older key file was put back" in problem
        accounts.change_own_password(lib, old, new)
        assert housekeeping.verify(CTX, lib).clean


def test_beside_an_older_key_file_a_new_password_is_made_from_the_newer_copy(tmp_path: Path) -> None:
    old, new = "four words that differ", "quite another sentence"
    made, first_key = accounts.make_library(tmp_path / "clinic", "Dr. Ada", old)
    with made as lib:
        older = (lib.path / KEYS).read_bytes()
        accounts.add(lib, "Dr. Bea", {Role.CLINICIAN}, new)
        key = accounts.new_recovery_key(lib)
        (lib.path / KEYS).write_bytes(older)
        accounts.change_own_password(lib, old, new)
        for name in ("Dr. Ada", "Dr. Bea"):
            assert keys.unlock(lib.path, name, new).keys == lib.keys
        assert keys.unlock_with_recovery(lib.path, key).keys == lib.keys
        with pytest.raises(WrongPasswordError):
            keys.unlock_with_recovery(lib.path, first_key)
        assert housekeeping.verify(CTX, lib).clean


def test_old_passwords_are_told_until_each_was_set_anew(tmp_path: Path) -> None:
    old, new = "four words that differ", "quite another sentence"
    with accounts.make_library(tmp_path / "clinic", "Dr. Ada", old)[0] as lib:
        bea = accounts.add(lib, "Dr. Bea", {Role.CLINICIAN}, old)
        older = (lib.path / KEYS).read_bytes()
        accounts.set_password(lib, bea, new)
        accounts.change_own_password(lib, old, new)
        for name in (KEYS, KEYS_COPY):
            (lib.path / name).write_bytes(older)
        accounts.change_own_password(lib, old, new)
        assert len(housekeeping.verify(CTX, lib).problems) == 1, "that of Bea"
        accounts.set_password(lib, bea, new)
        assert housekeeping.verify(CTX, lib).clean


def test_a_password_that_was_cut_short_before_the_new_key_file_counted_is_no_old_one(tmp_path: Path) -> None:
    with accounts.make_library(tmp_path / "clinic", "Dr. Ada", "four words that differ")[0] as lib:
        assert lib.account is not None
        passwords.about_to_count(lib, lib.account.id, "never in its place")  # and the power goes
        assert housekeeping.verify(CTX, lib).clean
    with accounts.sign_in(lib.path, "Dr. Ada", "four words that differ") as lib:
        assert (lib.notice, housekeeping.verify(CTX, lib).clean) == ("", True)
        accounts.change_own_password(lib, "four words that differ", "quite another sentence")
        assert housekeeping.verify(CTX, lib).clean


def test_a_password_that_failed_and_that_of_another_after_it_are_no_old_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = "four words that differ", "quite another sentence"
    with accounts.make_library(tmp_path / "clinic", "Dr. Ada", old)[0] as lib:
        bea = accounts.add(lib, "Dr. Bea", {Role.CLINICIAN}, old)
        with monkeypatch.context() as patch:
            patch.setattr(
                keys, "_put", lambda _path, _of, _slot, on_record, *_: (on_record("never in its place"), 1 / 0)
            )
            with pytest.raises(ZeroDivisionError):
                accounts.change_own_password(lib, old, new)
        accounts.set_password(lib, bea, new)
        assert housekeeping.verify(CTX, lib).clean


def test_a_change_cut_short_beside_an_older_key_file_leaves_the_older_one_the_older(tmp_path: Path) -> None:
    one, two = "four words that differ", "quite another sentence"
    with accounts.make_library(tmp_path / "clinic", "Dr. Ada", one)[0] as lib:
        older = (lib.path / KEYS).read_bytes()
        accounts.change_own_password(lib, one, two)
        (lib.path / KEYS).write_bytes(older)
        assert lib.account is not None
        passwords.about_to_count(lib, lib.account.id, "never in its place")  # and the power goes
    with accounts.sign_in(lib.path, "Dr. Ada", two) as lib:
        assert "key file and copy differ" in lib.notice
        assert housekeeping.repair(CTX, lib).left == ()
        assert keys.unlock(lib.path, "Dr. Ada", two).keys == lib.keys
        with pytest.raises(WrongPasswordError):
            keys.unlock(lib.path, "Dr. Ada", one)


def test_old_files_put_back_long_after_a_change_that_was_not_confirmed_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = "four words that differ", "quite another sentence"
    with accounts.make_library(tmp_path / "clinic", "Dr. Ada", one)[0] as lib:
        older = (lib.path / KEYS).read_bytes()
        with monkeypatch.context() as patch:
            patch.setattr(passwords, "settle", lambda _lib: None)
            accounts.change_own_password(lib, one, two)
    with accounts.sign_in(lib.path, "Dr. Ada", two) as lib:
        assert lib.notice == ""
    for name in (KEYS, KEYS_COPY):
        (lib.path / name).write_bytes(older)
    with accounts.sign_in(lib.path, "Dr. Ada", one) as lib:
        assert "that opens the library is not the one that the database knows" in lib.notice
        assert len(housekeeping.verify(CTX, lib).problems) == 1


def test_a_replaced_recovery_key_that_opens_again_is_told(tmp_path: Path) -> None:
    made, first_key = accounts.make_library(tmp_path / "clinic", "Dr. Ada", "four words that differ")
    with made as lib:
        older = (lib.path / KEYS).read_bytes()
        accounts.new_recovery_key(lib)
        (lib.path / KEYS).write_bytes(older)
    with accounts.recover(lib.path, first_key, "Mallory", "quite another sentence") as lib:
        assert "key file and copy differ" in lib.notice


def test_a_password_between_a_put_back_and_the_next_change_is_an_old_one_too(tmp_path: Path) -> None:
    one, two, three = "four words that differ", "quite another sentence", "and a third to be sure"
    with accounts.make_library(tmp_path / "clinic", "Dr. Ada", one)[0] as lib:
        first = kept(lib)
        accounts.change_own_password(lib, one, two)
        accounts.new_recovery_key(lib)
        second = kept(lib)
        put(lib, first, *BOTH)
        accounts.change_own_password(lib, one, three)
        recovery = accounts.new_recovery_key(lib)
        assert housekeeping.verify(CTX, lib).clean
        put(lib, second, KEYS)
    with accounts.sign_in(lib.path, "Dr. Ada", two) as lib:
        assert "key file and copy differ" in lib.notice
        assert housekeeping.repair(CTX, lib).left == ()
        assert keys.unlock(lib.path, "Dr. Ada", three).keys == lib.keys
        assert keys.unlock_with_recovery(lib.path, recovery).keys == lib.keys
        put(lib, second, *BOTH)
    with accounts.sign_in(lib.path, "Dr. Ada", two) as lib:
        told = (
            "the password of Dr. Ada and the recovery key that open the library are not those that the database knows"
        )
        assert told in lib.notice
        assert told in "".join(housekeeping.verify(CTX, lib).problems)


@pytest.mark.parametrize("whose", ["older", "of another library"])
def test_a_backup_takes_what_counts_also_where_keys_json_is_not_the_right_one(tmp_path: Path, whose: str) -> None:
    one, two = "four words that differ", "quite another sentence"
    with accounts.make_library(tmp_path / "clinic", "Dr. Ada", one)[0] as lib:
        wrong = kept(lib)
        accounts.change_own_password(lib, one, two)
        bea = accounts.add(lib, "Dr. Bea", {Role.CLINICIAN}, two)
        recovery = accounts.new_recovery_key(lib)
        if whose == "of another library":
            with accounts.make_library(tmp_path / "other", "Dr. Eve", one)[0] as other:
                wrong = kept(other)
        put(lib, wrong, KEYS)
        assert bea.id not in accounts.without_password(lib)
        with pytest.raises(BadInputError, match="there is an account Dr"):
            accounts.add(lib, "Dr. Bea", {Role.CLINICIAN}, one)
        assert keys.account_called(lib.path, "Dr. Bea") == bea.id, "wrong passwords of hers are slowed down"
        backup.back_up(CTX, lib, tmp_path / "backup")
    file = backup_folder.key_file_of(tmp_path / "backup")
    assert file is not None
    opened = backup_folder.unlocked_with(tmp_path / "backup", file, "Dr. Ada", two).keys
    back = backup.restore(CTX, tmp_path / "backup", tmp_path / "back", unlocked=opened)
    for name in ("Dr. Ada", "Dr. Bea"):
        assert keys.unlock(back.library, name, two).keys == opened
        with pytest.raises(WrongPasswordError):
            keys.unlock(back.library, name, one)
    assert keys.unlock_with_recovery(back.library, recovery).keys == opened


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("whose", ["older", "of another library"])
def test_wrong_passwords_are_slowed_down_whichever_key_file_knows_the_name(
    tmp_path: Path, name: str, whose: str
) -> None:
    one, two = "four words that differ", "quite another sentence"
    with accounts.make_library(tmp_path / "clinic", "Dr. Ada", one)[0] as lib:
        wrong = kept(lib)
        accounts.add(lib, "Dr. Bea", {Role.CLINICIAN}, two)
    if whose == "of another library":
        with accounts.make_library(tmp_path / "other", "Dr. Bea", one)[0] as other:
            wrong = kept(other)
    put(lib, wrong, name)
    for _ in range(3):
        with pytest.raises(WrongPasswordError):
            accounts.sign_in(lib.path, "Dr. Bea", "none of the right ones")
    with pytest.raises(TooSoonError):
        accounts.sign_in(lib.path, "Dr. Bea", "none of the right ones")


def test_the_password_of_somebody_who_was_given_one_anew_is_known_as_old(tmp_path: Path) -> None:
    one, two = "four words that differ", "quite another sentence"
    with accounts.make_library(tmp_path / "clinic", "Dr. Ada", one)[0] as lib:
        before = kept(lib)
        bea = accounts.add(lib, "Dr. Bea", {Role.CLINICIAN}, one)
        with_bea = kept(lib)
        put(lib, before, *BOTH)
        assert bea.id in accounts.without_password(lib)
        accounts.add(lib, "Dr. Bea", {Role.CLINICIAN}, two)
        put(lib, with_bea, KEYS)
        assert housekeeping.repair(CTX, lib).left == ()
        assert keys.unlock(lib.path, "Dr. Bea", two).keys == lib.keys
        put(lib, with_bea, *BOTH)
        (problem,) = housekeeping.verify(CTX, lib).problems
        assert "the password of Dr. Bea that opens the library is not" in problem
        accounts.change(lib, bea, active=False)
        assert housekeeping.verify(CTX, lib).clean, "nobody signs in as her, with whatever password"


def test_of_two_files_that_were_both_changed_each_gives_what_is_current(tmp_path: Path) -> None:
    one, two = "four words that differ", "quite another sentence"
    with accounts.make_library(tmp_path / "clinic", "Dr. Ada", one)[0] as lib:
        bea = accounts.add(lib, "Dr. Bea", {Role.CLINICIAN}, one)
        older = kept(lib)
        accounts.change_own_password(lib, one, two)
        with_ada = kept(lib)
        put(lib, older, *BOTH)
        accounts.set_password(lib, bea, two)
        put(lib, with_ada, KEYS)
        (done, *_) = [line for line in housekeeping.repair(CTX, lib).done if "was kept as" in line]
        assert done.startswith(f"{KEYS}, which does not say what {KEYS_COPY} says")
        for name in ("Dr. Ada", "Dr. Bea"):
            assert keys.unlock(lib.path, name, two).keys == lib.keys
        assert housekeeping.verify(CTX, lib).notes == ()


def test_a_change_that_was_not_confirmed_is_known_once_its_file_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = "four words that differ", "quite another sentence"
    with accounts.make_library(tmp_path / "clinic", "Dr. Ada", one)[0] as lib:
        older = kept(lib)
        with monkeypatch.context() as patch:
            patch.setattr(passwords, "settle", lambda _lib: None)
            accounts.change_own_password(lib, one, two)
        newer = kept(lib)
        put(lib, older, *BOTH)
    with accounts.sign_in(lib.path, "Dr. Ada", one) as lib:  # nobody can tell that from a change that was cut short
        assert lib.notice == ""
        put(lib, newer, KEYS_COPY)
        assert housekeeping.repair(CTX, lib).left == ()
        assert keys.unlock(lib.path, "Dr. Ada", two).keys == lib.keys
        put(lib, older, *BOTH)
        assert len(housekeeping.verify(CTX, lib).problems) == 1


class _Clinic:
    """A library whose passwords change, whose changes are cut short, and whose key files are put back, at random."""

    def __init__(self, lib: Library, recovery: str, password: str) -> None:
        self.lib, self.number = lib, 0
        assert lib.account is not None
        self.people: dict[str, Account] = {"Dr. Ada": lib.account}
        self.tried: dict[str, list[str]] = {"Dr. Ada": [password], "": [recovery]}
        self.right: dict[str, str] = {"Dr. Ada": password, "": recovery}
        self.files = [kept(lib)]
        for name in ("Dr. Bea", "Dr. Cleo"):
            self.people[name] = accounts.add(lib, name, {Role.CLINICIAN}, password)
            self.tried[name], self.right[name] = [password], password

    def change(self, name: str) -> None:
        self.number += 1
        password = f"password {self.number} of somebody"
        if not name:
            password = accounts.new_recovery_key(self.lib)
        else:
            accounts.set_password(self.lib, self.people[name], password)
        self.tried[name].append(password)
        self.right[name] = password

    def change_cut_short(self, name: str, between: bool) -> None:
        """Between the two files, or before the first of them."""
        files = kept(self.lib)
        if between:
            self.change(name)
            put(self.lib, files, KEYS)
        else:
            passwords.about_to_count(self.lib, self.people[name].id if name else keys.RECOVERY, f"lost {self.number}")

    def opening(self, name: str) -> set[str]:
        """What opens the library as this person, or as the recovery key."""
        found = set()
        for one in self.tried[name]:
            try:
                opened = (
                    keys.unlock(self.lib.path, name, one) if name else keys.unlock_with_recovery(self.lib.path, one)
                )
            except UserError:
                continue
            assert opened.keys == self.lib.keys
            found.add(one)
        return found


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_put_back_nobody_is_locked_out_and_nothing_old_opens_unsaid(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    made, recovery = accounts.make_library(tmp_path / "clinic", "Dr. Ada", "four words that differ")
    with made as lib:
        clinic = _Clinic(lib, recovery, "four words that differ")
        for _ in range(14):
            before = {name: clinic.opening(name) for name in clinic.tried}
            what, name = chance.choice(("change", "cut", "keep", "put", "put", "repair")), chance.choice(sorted(before))
            if what == "change":
                clinic.change(name)
            elif what == "cut":
                clinic.change_cut_short(name, chance.random() < 0.5)
            elif what == "keep":
                clinic.files.append(kept(lib))
            elif what == "put":
                put(lib, chance.choice(clinic.files), *chance.choice((BOTH, BOTH[:1], BOTH[1:])))
            else:
                housekeeping.repair(CTX, lib)
            passwords.settle(lib)
            now = {name: clinic.opening(name) for name in clinic.tried}
            if what in ("change", "repair"):
                for one, right in clinic.right.items():
                    assert right in now[one] or right not in before[one], f"{one} was locked out"
            report = housekeeping.verify(CTX, lib)
            if report.clean and not report.notes:
                assert passwords.problem(lib) == passwords.difference(lib) == ""
                assert all(found <= {clinic.right[one]} for one, found in now.items())


def test_an_account_that_is_made_anew_after_its_record_was_lost_signs_in(tmp_path: Path) -> None:
    lost, anew, third = "bea sleeps in blue sheets", "quite another sentence", "a third one that is hers"

    class Adding(SilentContext):
        """Adds Bea between the copy of the database and that of the key file."""

        def progress(self, _done: float, _total: float, text: str = "") -> None:
            if text == "Backing up" and len(accounts.everybody(lib)) == 1:
                accounts.add(lib, "Bea", {Role.CLINICIAN, Role.ADMINISTRATOR}, lost)

    lib, key = accounts.make_library(tmp_path / "clinic", "Ada", "four words that differ")
    with lib:
        backup.back_up(Adding(), lib, tmp_path / "backup")
    again = tmp_path / "again"
    backup.restore(CTX, tmp_path / "backup", again, unlocked=lib.keys, who="Ada")
    with pytest.raises(accounts.NotActiveError, match="no account Bea on record") as refused:
        accounts.sign_in(again, "Bea", lost)
    assert "make the account anew" in refused.value.remedy
    with accounts.sign_in(again, "Ada", "four words that differ") as lib:
        assert [one.name for one in accounts.everybody(lib)] == ["Ada"]
        accounts.add(lib, "Bea", {Role.CLINICIAN, Role.ADMINISTRATOR}, anew)
        accounts.change(lib, next(one for one in accounts.everybody(lib) if one.name == "Ada"), roles={Role.CLINICIAN})
    with accounts.sign_in(again, "Bea", anew) as lib:
        assert accounts.without_password(lib) == frozenset()
        assert housekeeping.verify(CTX, lib).clean
    with pytest.raises(WrongPasswordError):
        accounts.sign_in(again, "Bea", lost)
    accounts.recover(again, key, "Bea", third).close()
    accounts.sign_in(again, "Bea", third).close()


def test_of_two_slots_of_one_name_each_opens(tmp_path: Path) -> None:
    """As key files of before today have them; the newer one first, where both have one password."""
    with accounts.make_library(tmp_path / "clinic", "Ada", "four words that differ")[0] as lib:
        path, of = lib.path, lib.keys
        assert of is not None
    kept_file = keys._read(path, of=of.library_id)
    made = [
        keys._wrapped(
            of,
            slot := keys._Slot(key, keys._name_hash(kept_file, "Bea"), "ab" * 16, "", "", 64, 1, 4),
            keys._stretched(password, bytes.fromhex(slot.salt), keys.Cost(64, 1, 4)),
        )
        for key, password in (("lost", "bea sleeps in blue sheets"), ("anew", "quite another sentence"))
    ]
    keys._write(path, keys._KeyFile(kept_file.library_id, kept_file.name_salt, (*kept_file.slots, *made)))
    assert keys.unlock(path, "Bea", "bea sleeps in blue sheets").account_id == "lost"
    assert keys.unlock(path, "bea", "quite another sentence").account_id == "anew"
    assert keys.account_called(path, "BEA") == "anew"
    with pytest.raises(WrongPasswordError) as wrong:
        keys.unlock(path, "Bea", "something else")
    assert wrong.value.account_id


def test_who_has_no_password_in_an_older_key_file_is_told(tmp_path: Path) -> None:
    own, hers = "four words that differ", "bea sleeps in blue sheets"
    lib, key = accounts.make_library(tmp_path / "clinic", "Ada", own)
    with lib:
        accounts.recovery_key_kept(lib)
        older = kept(lib)
        accounts.add(lib, "Bea", {Role.ADMINISTRATOR}, hers)
        ada = next(one for one in accounts.everybody(lib) if one.name == "Ada")
        accounts.change(lib, ada, roles={Role.CLINICIAN})
        assert passwords.problem(lib) == ""
    put(lib, older, *BOTH)
    with pytest.raises(WrongPasswordError):
        accounts.sign_in(lib.path, "Bea", hers)
    with accounts.sign_in(lib.path, "Ada", own) as lib:
        assert "an older key file was put back: Bea has no password in it and cannot sign in" in lib.notice
        assert len(housekeeping.verify(CTX, lib).problems) == 1
        with lib.read() as session:
            assert "older key file" in journal.entries(session)[-1].text
    accounts.recover(lib.path, key, "Bea", hers).close()
    with accounts.sign_in(lib.path, "Bea", hers) as lib:
        assert housekeeping.verify(CTX, lib).clean
