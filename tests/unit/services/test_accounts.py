"""Accounts: who gets in, what each role may do and see, and that all of it is on record."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from subprocess import PIPE, STDOUT

import pytest

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.people import Account, Role
from pfm_desktop.domain.source import Source
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import (
    accounts,
    backup,
    backup_folder,
    cases,
    drawing,
    housekeeping,
    on_record,
    pairing,
    review,
)
from pfm_desktop.services.accounts import NotActiveError
from pfm_desktop.storage import answers, attempts, chain, journal, keys, repositories
from pfm_desktop.storage.access import LastAdministratorError, NotAllowedError
from pfm_desktop.storage.attempts import TooSoonError
from pfm_desktop.storage.engine import FullDiskError
from pfm_desktop.storage.keys import LockedLibraryError, WrongPasswordError
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.lock import in_turn
from pfm_desktop.storage.schema import KEYS, KEYS_COPY
from pfm_desktop.storage.worklist import Question
from pfm_desktop.support.errors import BadInputError, StorageError, UserError

from .conftest import put_on_record

pytestmark = pytest.mark.slow

CTX = SilentContext()
NAME, PASSWORD = "Dr. Ada Weiß", "four words that differ"
OTHER = "quite another sentence"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[Library, str]]:
    lib, recovery = accounts.make_library(tmp_path / "clinic", NAME, PASSWORD)
    with lib:
        yield lib, recovery


@pytest.fixture
def clinic(made: tuple[Library, str]) -> Library:
    return made[0]


def with_role(clinic: Library, role: Role) -> Library:
    """The same library, as somebody with this role alone."""
    accounts.add(clinic, role.value, {role}, OTHER)
    clinic.close()
    return accounts.sign_in(clinic.path, role.value, OTHER)


def said(lib: Library) -> list[str]:
    with lib.read() as session:
        return [line.text for line in journal.entries(session)]


def entries(lib: Library) -> list[journal.JournalEntry]:
    with lib.read() as session:
        return list(journal.entries(session))


def woman(lib: Library) -> tuple[str, str]:
    """A woman with a visit and a picture whose file is named after her; ids of both."""
    patient = cases.add_patient(lib, identifier="K-17", family_name="Müller", given_name="Änne")
    visit = cases.add_visit(lib, patient.id, indication="HSIL in cytology", examiner="Dr. Ada", note="tell her sister")
    put_on_record(lib, visit.id, b"a picture")
    return patient.id, visit.id


# making and signing in


def test_whoever_makes_a_library_is_its_clinician_and_administrator(clinic: Library) -> None:
    assert clinic.account is not None
    assert (clinic.account.name, clinic.account.roles) == (NAME, {Role.CLINICIAN, Role.ADMINISTRATOR})
    assert accounts.everybody(clinic) == (clinic.account,)
    assert clinic.who == NAME
    assert "recovery key was shown once" in said(clinic)[1]


def test_signing_in_opens_it_and_goes_on_record(clinic: Library) -> None:
    clinic.close()
    with accounts.sign_in(clinic.path, "dr. ada weiss", PASSWORD) as again:
        assert again.account == clinic.account
        assert said(again)[-1] == f"Signed in as clinician, administrator: {NAME}"


def test_wrong_passwords_go_on_record_with_their_moment_and_the_account_they_were_tried_on(clinic: Library) -> None:
    clinic.close()
    for name in (NAME, "nobody here"):
        with pytest.raises(WrongPasswordError):
            accounts.sign_in(clinic.path, name, "wrong, all wrong")
    with accounts.sign_in(clinic.path, NAME, PASSWORD) as again, again.read() as session:
        lines = journal.entries(session)[-3:]
        moments = [datetime.fromisoformat((line.new or {})["happened_at"]) for line in lines[:2]]
        assert [line.text for line in lines] == [
            f"Wrong name or password at sign-in: {NAME}, {moments[0]:%Y-%m-%d %H:%M:%S} UTC",
            f"Wrong name or password at sign-in, {moments[1]:%Y-%m-%d %H:%M:%S} UTC",
            f"Signed in as clinician, administrator: {NAME}",
        ]
        assert all(line.new and line.new["happened_at"] for line in lines[:2])
        assert not list(chain.problems(session))
        assert attempts.waiting(clinic.path) == ((), 0)


def test_after_some_wrong_passwords_even_the_right_one_has_to_wait(clinic: Library) -> None:
    clinic.close()
    for _ in range(attempts.FREE):
        with pytest.raises(WrongPasswordError):
            accounts.sign_in(clinic.path, NAME, "wrong, all wrong")
    with pytest.raises(TooSoonError):
        accounts.sign_in(clinic.path, NAME, PASSWORD)


_GUESS = """
import sys
from pathlib import Path
from pfm_desktop.services import accounts
sys.stdin.readline()  # all begin together
try:
    accounts.sign_in(Path(sys.argv[1]), sys.argv[2], "wrong, all wrong")
except Exception as error:
    print(type(error).__name__)
"""


@pytest.mark.slow
def test_programs_that_guess_at_once_are_slowed_down_like_one_and_all_counted(clinic: Library) -> None:
    clinic.close()
    command = [sys.executable, "-c", _GUESS, str(clinic.path), NAME]
    begun = [subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=STDOUT, text=True) for _ in range(8)]
    for one in begun:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    met = sorted(one.communicate()[0].strip() for one in begun)
    tried = met.count("WrongPasswordError")
    assert set(met) == {"TooSoonError", "WrongPasswordError"}
    assert attempts.FREE <= tried < 8  # those on a slow computer who waited long enough are let through
    assert len(attempts.waiting(clinic.path)[0]) == tried


def test_where_turns_cannot_be_kept_one_may_sign_in_all_the_same(
    clinic: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.close()
    (clinic.path / attempts.TURN).unlink(missing_ok=True)
    (clinic.path / attempts.TURN).mkdir()
    with pytest.raises(WrongPasswordError):
        accounts.sign_in(clinic.path, NAME, "wrong, all wrong")
    (clinic.path / attempts.TURN).rmdir()
    monkeypatch.setattr(attempts, "_PATIENCE", 0.1)
    with in_turn(clinic.path / attempts.TURN, patience=0), accounts.sign_in(clinic.path, NAME, PASSWORD) as again:
        assert len([line for line in said(again) if "Wrong name or password" in line]) == 1


def test_the_attempts_waiting_to_be_recorded_name_nobody(clinic: Library) -> None:
    with pytest.raises(WrongPasswordError):
        accounts.confirm(clinic, "wrong, all wrong", "to sign a visit")
    assert b"Ada" not in (clinic.path / attempts.FILE).read_bytes()


def test_who_reads_along_while_another_program_writes_is_on_record_later(clinic: Library) -> None:
    with accounts.sign_in(clinic.path, NAME, PASSWORD) as second:
        assert second.read_only
    clinic.close()
    with accounts.sign_in(clinic.path, NAME, PASSWORD) as third:
        assert said(third)[-2].startswith(
            "Signed in as clinician, administrator (the library was open for reading only)"
        )


def test_a_library_without_accounts_asks_nobody(lib: Library) -> None:
    assert lib.account is None
    assert accounts.everybody(lib) == ()
    accounts.confirm(lib, "", "to sign a visit")
    with pytest.raises(BadInputError, match="not encrypted and has no accounts"):
        accounts.add(lib, "A", {Role.CLINICIAN}, PASSWORD)


@pytest.mark.parametrize(
    "password",
    ["", "short", "a" * 10, "abababababab", "Password123!", "1234567890", "dr. ada weiß1", "x" * 2000, "qwertyuiop"],
)
def test_a_password_that_is_soon_guessed_makes_no_library(tmp_path: Path, password: str) -> None:
    with pytest.raises(BadInputError, match="this password will not do"):
        accounts.make_library(tmp_path / "clinic", NAME, password)
    assert not (tmp_path / "clinic").exists()


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_an_account_needs_a_name(clinic: Library, name: str) -> None:
    with pytest.raises(BadInputError, match="needs a name"):
        accounts.add(clinic, name, {Role.CLINICIAN}, PASSWORD)


# passwords and recovery


@pytest.mark.parametrize("name", ["Dr. Ada\u200b Weiß", "Dr. \u202eadA", "Dr. \u0410da Weiß", "Dr. Ada\u2066"])
def test_a_name_that_could_pass_for_another_is_refused(clinic: Library, name: str) -> None:
    with pytest.raises(BadInputError, match="cannot be seen, or letters of two alphabets"):
        accounts.add(clinic, name, {Role.CLINICIAN}, OTHER)
    accounts.add(clinic, "Βασιλική", {Role.CLINICIAN}, OTHER)


@pytest.mark.parametrize("exchanged", [KEYS, KEYS_COPY])
def test_a_key_file_of_another_library_with_the_same_person_and_password_is_told_from_the_right_one(
    tmp_path: Path, clinic: Library, exchanged: str
) -> None:
    woman(clinic)
    other, _ = accounts.make_library(tmp_path / "other", NAME, PASSWORD)
    other.close()
    clinic.close()
    shutil.copyfile(other.path / KEYS, clinic.path / exchanged)
    with accounts.sign_in(clinic.path, NAME, PASSWORD) as again:
        assert cases.today(again)
    with pytest.raises(WrongPasswordError):
        accounts.sign_in(clinic.path, NAME, OTHER)


def test_on_a_disk_that_takes_nothing_more_one_signs_in_to_look_and_that_goes_on_record_later(
    clinic: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    woman(clinic)
    clinic.close()

    def full(*_: object, **__: object) -> None:
        raise FullDiskError("the disk is full", safe="nothing was changed", remedy="free some space")

    with monkeypatch.context() as patch:
        patch.setattr(Library, "record_event", full)
        patch.setattr(Library, "record_events", full)
        with accounts.sign_in(clinic.path, NAME, PASSWORD) as looking:
            assert len(cases.today(looking)) == 1
    with accounts.sign_in(clinic.path, NAME, PASSWORD) as again:
        assert any("Signed in as" in line and "(the disk was full)" in line for line in said(again))


def test_a_changed_password_is_the_only_one_and_leaves_the_pictures_as_they_are(clinic: Library) -> None:
    sha256 = clinic.pictures.put(b"a picture")
    path = clinic.pictures.find(sha256)
    assert path is not None
    before = path.read_bytes()
    accounts.change_own_password(clinic, PASSWORD, OTHER)
    assert path.read_bytes() == before
    clinic.close()
    with pytest.raises(WrongPasswordError):
        accounts.sign_in(clinic.path, NAME, PASSWORD)
    with accounts.sign_in(clinic.path, NAME, OTHER) as again:
        assert again.pictures.get(sha256) == b"a picture"


def test_the_own_password_is_changed_only_by_who_knows_it(clinic: Library) -> None:
    with pytest.raises(WrongPasswordError):
        accounts.change_own_password(clinic, "not mine at all", OTHER)
    with pytest.raises(BadInputError):
        accounts.change_own_password(clinic, PASSWORD, "short")
    assert keys.unlock(clinic.path, NAME, PASSWORD)


def test_the_recovery_key_brings_back_an_administrator_who_forgot(made: tuple[Library, str]) -> None:
    lib, recovery = made
    lib.close()
    with accounts.recover(lib.path, recovery, NAME, OTHER) as again:
        assert (
            said(again)[-1]
            == f"Recovery key used by whoever had it, to sign in under this name with a new password: {NAME}"
        )
    accounts.sign_in(lib.path, NAME, OTHER).close()


def test_the_recovery_key_makes_an_administrator_where_none_can_be_reached(made: tuple[Library, str]) -> None:
    lib, recovery = made
    lib.close()
    with accounts.recover(lib.path, recovery, "Somebody new", OTHER) as again:
        assert again.account is not None
        assert again.account.roles == {Role.ADMINISTRATOR}
        assert len(accounts.everybody(again)) == 2


def test_a_wrong_recovery_key_counts_as_a_wrong_password(made: tuple[Library, str]) -> None:
    lib, recovery = made
    lib.close()
    wrong = recovery[:-1] + ("A" if recovery[-1] != "A" else "B")
    for _ in range(attempts.FREE):
        with pytest.raises(UserError):
            accounts.recover(lib.path, wrong, NAME, OTHER)
    with pytest.raises(TooSoonError):
        accounts.recover(lib.path, recovery, NAME, OTHER)


def test_recovery_waits_until_nobody_writes(made: tuple[Library, str]) -> None:
    lib, recovery = made
    with pytest.raises(StorageError, match="no password was changed"):
        accounts.recover(lib.path, recovery, NAME, OTHER)
    assert keys.unlock(lib.path, NAME, PASSWORD)


def test_an_administrator_gives_a_new_password_to_who_forgot(clinic: Library) -> None:
    reader = accounts.add(clinic, "Reader", {Role.ANNOTATOR}, PASSWORD)
    accounts.set_password(clinic, reader, OTHER)
    assert said(clinic)[-1] == "New password for Reader"
    clinic.close()
    accounts.sign_in(clinic.path, "Reader", OTHER).close()


def test_an_account_cut_short_before_its_password_is_told(clinic: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(keys, "set_password", full)
        with pytest.raises(StorageError):
            accounts.add(clinic, "Reader", {Role.ANNOTATOR}, PASSWORD)
    (reader,) = [one for one in accounts.everybody(clinic) if one.name == "Reader"]
    assert accounts.without_password(clinic) == {reader.id}
    accounts.set_password(clinic, reader, OTHER)
    assert accounts.without_password(clinic) == frozenset()


# roles


def test_who_is_switched_off_does_not_get_in_and_that_is_on_record(clinic: Library) -> None:
    reader = accounts.add(clinic, "Reader", {Role.ANNOTATOR}, OTHER)
    accounts.change(clinic, reader, active=False)
    clinic.close()
    with pytest.raises(NotActiveError):
        accounts.sign_in(clinic.path, "Reader", OTHER)
    with accounts.sign_in(clinic.path, NAME, PASSWORD) as again:
        assert any(line.startswith("Sign-in to an account that is switched off: Reader, ") for line in said(again))


def test_who_labels_draws_no_lesion_and_sees_none(clinic: Library) -> None:
    visit = cases.add_visit(clinic, cases.add_patient(clinic, identifier="K-7").id).id
    picture = put_on_record(clinic, visit, b"no picture")
    pair = pairing.make_pair(clinic, visit, picture, None).key
    box = ((0.0, 0.0), (6.0, 0.0), (6.0, 6.0), (0.0, 6.0))
    drawn = drawing.draw_contour(clinic, pair, Source.WHITE, box)[-1]
    line = drawing.draw_junction(clinic, pair, Source.WHITE, box)
    with with_role(clinic, Role.ANNOTATOR) as lib:
        case = cases.visit_case(lib, visit)
        assert (case.lesions, case.contours, case.junctions) == ((), (), ())
        for edit in (
            lambda: drawing.draw_contour(lib, pair, Source.WHITE, box),
            lambda: drawing.paint(lib, pair, Source.WHITE, box, 3.0),
            lambda: drawing.remove_contour(lib, drawn.key),
            lambda: drawing.draw_junction(lib, pair, Source.WHITE, box),
            lambda: drawing.remove_junction(lib, line.key),
        ):
            with pytest.raises(NotAllowedError):
                edit()


def test_the_last_administrator_cannot_be_taken_away(clinic: Library) -> None:
    assert clinic.account is not None
    me = clinic.account
    for roles, active in (({Role.CLINICIAN}, True), (me.roles, False)):
        with pytest.raises(LastAdministratorError):
            accounts.change(clinic, me, roles=roles, active=active)
    assert accounts.everybody(clinic) == (me,)
    other = accounts.add(clinic, "Other", {Role.ADMINISTRATOR}, OTHER)
    assert accounts.change(clinic, me, roles={Role.CLINICIAN}).roles == {Role.CLINICIAN}
    assert clinic.account.roles == {Role.CLINICIAN}, "what was given up is gone at once"
    with pytest.raises(NotAllowedError):
        accounts.change(clinic, other, active=False)


def test_an_account_is_never_removed(clinic: Library) -> None:
    from pfm_desktop.domain.change import Change

    reader = accounts.add(clinic, "Reader", {Role.ANNOTATOR}, OTHER)
    fields = {"name": "Reader", "roles": "annotator", "active": True}
    with pytest.raises(UserError, match="never removed"):
        clinic.apply(Change("account", reader.id, fields, None, "gone"))


def test_two_accounts_cannot_be_mistaken_for_each_other(clinic: Library) -> None:
    with pytest.raises(BadInputError, match="there is an account"):
        accounts.add(clinic, " DR. ada  weiss", {Role.CLINICIAN}, OTHER)


def test_an_account_needs_a_role(clinic: Library) -> None:
    with pytest.raises(BadInputError, match="needs a role"):
        accounts.add(clinic, "Reader", (), OTHER)


@pytest.mark.parametrize("role", [Role.ANNOTATOR, Role.ADJUDICATOR])
def test_who_labels_sees_neither_names_nor_findings_however_she_asks(clinic: Library, role: Role) -> None:
    patient_id, visit_id = woman(clinic)
    review.set_text(clinic, visit_id, "CIN 3 in histology")
    with with_role(clinic, role) as lib:
        case = cases.visit_case(lib, visit_id)
        everything = f"{case!r} {cases.today(lib)!r}"
        with lib.read() as session:
            everything += repr(repositories.patient(session, patient_id))
            assert repositories.patients(session, search="müller") == ()
            assert repositories.patient_by_identifier(session, "K-17") is None
            assert repositories.visit_rows(session, Question(search="müller")) == repositories.visit_rows(
                session, Question()
            ), "a search that finds her by name would tell it"
        for secret in ("Müller", "nne", "K-17", "HSIL", "sister", "Dr. Ada", "CIN 3", "bild"):
            assert secret not in everything
        assert case.patient.id == patient_id
        assert len(case.pictures) == 1


def test_who_labels_changes_no_visit(clinic: Library) -> None:
    _, visit_id = woman(clinic)
    with with_role(clinic, Role.ANNOTATOR) as lib:
        with pytest.raises(NotAllowedError, match="may not change visits"):
            review.set_text(lib, visit_id, "x")
        with pytest.raises(NotAllowedError):
            cases.add_patient(lib, identifier="K-18")
        with pytest.raises(NotAllowedError):
            accounts.add(lib, "Friend", {Role.ADMINISTRATOR}, OTHER)
        with pytest.raises(NotAllowedError):
            accounts.set_password(lib, Account("x", NAME, frozenset()), OTHER)
        with pytest.raises(NotAllowedError):
            accounts.new_recovery_key(lib)


def test_an_administrator_who_is_no_clinician_changes_and_signs_nothing(clinic: Library) -> None:
    _, visit_id = woman(clinic)
    with with_role(clinic, Role.ADMINISTRATOR) as lib:
        assert cases.visit_case(lib, visit_id).patient.family_name == "Müller", "the audit trail names her as well"
        with pytest.raises(NotAllowedError):
            review.set_text(lib, visit_id, "x")


def test_who_labels_reveals_registers_and_keeps_nothing(clinic: Library) -> None:
    _, visit_id = woman(clinic)
    review.set_impression(clinic, visit_id, Grade.HIGH)
    pair = pairing.ensure_pair(clinic, visit_id)
    assert pair is not None
    with with_role(clinic, Role.ANNOTATOR) as lib:
        for act in (
            lambda: review.reveal(lib, visit_id, "annotator", lock=False),
            lambda: answers.put_registration(lib, pair.id, summary={}, data=b"x"),
            lambda: answers.put_answer(lib, pair.id, model_name="m", model_sha256="0" * 64, body={}),
            lambda: backup.back_up(CTX, lib, lib.path.parent / "backup"),
            lambda: housekeeping.repair(CTX, lib),
            lambda: housekeeping.sweep(CTX, lib),
        ):
            with pytest.raises(NotAllowedError):
                act()
        with lib.read() as session:
            assert journal.entries(session) == ()
            assert journal.revealed_model(session, visit_id) is None
    with accounts.sign_in(clinic.path, NAME, PASSWORD) as again:
        assert cases.visit_case(again, visit_id).findings.impression is Grade.HIGH


def test_a_correction_of_a_signed_womans_name_is_not_told_to_who_labels(clinic: Library) -> None:
    patient_id, visit_id = woman(clinic)
    review.set_impression(clinic, visit_id, Grade.LOW)
    pairing.ensure_pair(clinic, visit_id)
    review.sign(clinic, visit_id, NAME, "Examined and reported by me")
    cases.edit_patient(clinic, patient_id, identifier="K-17", family_name="Other", given_name="Name")
    assert cases.visit_case(clinic, visit_id).corrections
    with with_role(clinic, Role.ANNOTATOR) as lib:
        assert not cases.visit_case(lib, visit_id).corrections


def test_an_administrator_without_a_password_does_not_count(clinic: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageError("the disk is full")

    assert clinic.account is not None
    with monkeypatch.context() as patch:
        patch.setattr(keys, "set_password", full)
        with pytest.raises(StorageError):
            accounts.add(clinic, "Second", {Role.ADMINISTRATOR}, OTHER)
    with pytest.raises(LastAdministratorError):
        accounts.change(clinic, clinic.account, active=False)


def test_a_backup_goes_on_record_and_other_users_of_the_computer_cannot_look_into_it(
    clinic: Library, tmp_path: Path
) -> None:
    backup.back_up(CTX, clinic, tmp_path / "backup")
    assert said(clinic)[-1] == "Backup begun"
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0


# backups


def test_a_backup_of_an_encrypted_library_is_encrypted_and_comes_back(clinic: Library, tmp_path: Path) -> None:
    woman(clinic)
    kept = tmp_path / "backup"
    made = backup.back_up(CTX, clinic, kept)
    assert (made.pictures, made.problems) == (1, ())
    raw = b"".join(path.read_bytes() for path in kept.rglob("*") if path.is_file())
    assert not [word for word in ("Müller".encode(), b"a picture", b"CREATE", b"Ada Wei") if word in raw]
    accounts.change_own_password(clinic, PASSWORD, OTHER)
    with pytest.raises(LockedLibraryError):
        backup.restore(CTX, kept, tmp_path / "back")
    file = backup_folder.key_file_of(kept)
    unlocked = keys.unlock(kept, NAME, PASSWORD, file=file).keys  # the password of that day
    back = backup.restore(CTX, kept, tmp_path / "back", unlocked=unlocked, who=NAME)
    assert back.problems == ()
    with accounts.sign_in(tmp_path / "back", NAME, PASSWORD) as again:
        assert housekeeping.verify(CTX, again).clean
        assert cases.today(again)[0].patient.family_name == "Müller"


def test_a_picture_of_an_encrypted_library_is_put_back_from_its_backup(clinic: Library, tmp_path: Path) -> None:
    woman(clinic)
    backup.back_up(CTX, clinic, tmp_path / "backup")
    (path,) = clinic.pictures.files()
    path.write_bytes(b"x")
    assert not housekeeping.verify(CTX, clinic).clean
    made = housekeeping.repair(CTX, clinic, tmp_path / "backup")
    assert made.left == ()
    assert (
        clinic.pictures.get(cases.visit_case(clinic, cases.today(clinic)[0].visit.id).pictures[0].sha256)
        == b"a picture"
    )


def test_a_backup_of_another_library_repairs_nothing(clinic: Library, tmp_path: Path) -> None:
    woman(clinic)
    with accounts.make_library(tmp_path / "other", NAME, PASSWORD)[0] as other:
        backup.back_up(CTX, other, tmp_path / "backup")
    with pytest.raises(BadInputError, match="of another library"):
        housekeeping.repair(CTX, clinic, tmp_path / "backup")


# disks that fail in between


def test_what_cannot_go_on_record_changes_neither_passwords_nor_the_recovery_key(
    made: tuple[Library, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic, recovery = made
    reader = accounts.add(clinic, "Reader", {Role.ANNOTATOR}, PASSWORD)

    def full(_events: object) -> None:
        raise StorageError("the disk is full")

    works: list[Callable[[], object]] = [
        lambda: accounts.change_own_password(clinic, PASSWORD, OTHER),
        lambda: accounts.set_password(clinic, reader, OTHER),
        lambda: accounts.new_recovery_key(clinic),
    ]
    for work in works:
        with monkeypatch.context() as patch:
            patch.setattr(clinic, "record_events", full)
            with pytest.raises(StorageError, match="the disk is full"):
                work()
    for name in (NAME, "Reader"):
        assert keys.unlock(clinic.path, name, PASSWORD)
        with pytest.raises(WrongPasswordError):
            keys.unlock(clinic.path, name, OTHER)
    assert keys.unlock_with_recovery(clinic.path, recovery)


def test_a_recovery_that_cannot_go_on_record_leaves_the_password_of_before(
    made: tuple[Library, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic, recovery = made
    clinic.close()

    def full(_lib: Library, _said: str) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(accounts, "_note", full)
        with pytest.raises(StorageError, match="the disk is full"):
            accounts.recover(clinic.path, recovery, NAME, OTHER)
    accounts.sign_in(clinic.path, NAME, PASSWORD).close()
    accounts.recover(clinic.path, recovery, NAME, OTHER).close()
    accounts.sign_in(clinic.path, NAME, OTHER).close()


def test_an_account_cut_short_is_completed_when_it_is_made_again(
    clinic: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(keys, "set_password", full)
        with pytest.raises(StorageError):
            accounts.add(clinic, "Reader", {Role.ANNOTATOR}, PASSWORD)
    made = accounts.add(clinic, "reader", {Role.CLINICIAN}, OTHER)
    assert made.roles == {Role.CLINICIAN}
    assert [one.name for one in accounts.everybody(clinic)].count("Reader") == 1
    assert accounts.without_password(clinic) == frozenset()
    with pytest.raises(BadInputError, match="already"):
        accounts.add(clinic, "Reader", {Role.CLINICIAN}, OTHER)
    clinic.close()
    accounts.sign_in(clinic.path, "Reader", OTHER).close()


def test_only_an_administrator_completes_an_account(clinic: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(keys, "set_password", lambda *_, **__: None)
        accounts.add(clinic, "Reader", {Role.ANNOTATOR}, PASSWORD)
    with with_role(clinic, Role.CLINICIAN) as lib, pytest.raises(NotAllowedError):
        accounts.add(lib, "Reader", {Role.ANNOTATOR}, OTHER)


def test_a_library_whose_first_opening_fails_is_made_again_with_a_key_that_somebody_has_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Library:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Library, "open", full)
        with pytest.raises(StorageError, match="the disk is full"):
            accounts.make_library(tmp_path / "new", NAME, PASSWORD)
    lib, recovery = accounts.make_library(tmp_path / "new", NAME, PASSWORD)
    with lib:
        assert [one.name for one in accounts.everybody(lib)] == [NAME]
        assert said(lib)[0] == "Account made with the library"
        assert housekeeping.verify(CTX, lib).problems == ()
    assert keys.unlock_with_recovery(tmp_path / "new", recovery)


def test_wrong_passwords_go_on_record_once_though_the_disk_was_full_in_between(
    clinic: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.close()
    for _ in range(2):
        with pytest.raises(WrongPasswordError):
            accounts.sign_in(clinic.path, NAME, OTHER)
    append, room = journal.append, [2]

    def full(*given: object, **options: object) -> None:
        room[0] -= 1
        if room[0] < 0:
            raise StorageError("the disk is full")
        append(*given, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(journal, "append", full)
        with pytest.raises(StorageError, match="the disk is full"):
            accounts.sign_in(clinic.path, NAME, PASSWORD)
    with accounts.sign_in(clinic.path, NAME, PASSWORD) as lib:
        assert sum(text.startswith("Wrong name or password") for text in said(lib)) == 2


def test_a_password_changed_here_is_the_one_that_is_asked_for_in_a_program_that_reads_along(clinic: Library) -> None:
    with accounts.sign_in(clinic.path, NAME, PASSWORD) as reading:
        assert reading.read_only
        accounts.change_own_password(clinic, PASSWORD, OTHER)
        with pytest.raises(WrongPasswordError):
            accounts.confirm(reading, PASSWORD, "to unlock the window")
        accounts.confirm(reading, OTHER, "to unlock the window")
        for work in (
            lambda: accounts.change_own_password(reading, OTHER, "a third long sentence"),
            lambda: accounts.new_recovery_key(reading),
        ):
            with pytest.raises(StorageError, match="open for reading only"):
                work()
    assert keys.unlock(clinic.path, NAME, OTHER)


def test_a_new_library_that_can_neither_be_opened_nor_taken_back_says_how_to_get_a_recovery_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:

        def refuse(*_: object) -> Library:
            patch.setattr(Path, "unlink", read_only)
            raise StorageError("it may not be written")

        patch.setattr(Library, "open", refuse)
        with pytest.raises(StorageError, match=r"was made in .*whole and empty.*your password.*recovery key was not"):
            accounts.make_library(tmp_path / "new", NAME, PASSWORD)
    with accounts.sign_in(tmp_path / "new", NAME, PASSWORD) as lib:
        assert keys.unlock_with_recovery(lib.path, accounts.new_recovery_key(lib))


def test_who_read_along_goes_on_for_writing_once_it_is_free_and_that_goes_on_record(clinic: Library) -> None:
    reading = accounts.sign_in(clinic.path, NAME, PASSWORD)
    assert reading.read_only
    with pytest.raises(StorageError, match="still cannot be written: in use by"):
        accounts.open_for_writing(reading)
    clinic.close()
    with accounts.open_for_writing(reading) as again:
        assert not again.read_only
        assert again.account == reading.account
        assert f"Went on, now with the right to write, as clinician, administrator: {NAME}" in said(again)
        assert any("the library was open for reading only" in line for line in said(again)), "what waited is on record"
    reading.close()


def test_who_was_switched_off_meanwhile_does_not_go_on_for_writing(clinic: Library) -> None:
    other = accounts.add(clinic, "Reader", {Role.CLINICIAN}, OTHER)
    reading = accounts.sign_in(clinic.path, "Reader", OTHER)
    accounts.change(clinic, other, active=False)
    clinic.close()
    with pytest.raises(NotActiveError):
        accounts.open_for_writing(reading)
    reading.close()
    with accounts.sign_in(clinic.path, NAME, PASSWORD) as again:
        assert not again.read_only, "nothing holds it"


def test_in_a_plain_library_the_same_goes_without_accounts(lib: Library) -> None:
    with Library.open(lib.path) as reading:
        reading.who = "Dr. Test"
        lib.close()
        with accounts.open_for_writing(reading) as again:
            assert (again.read_only, again.account, again.who) == (False, None, "Dr. Test")


def test_what_a_role_does_not_allow_is_on_record_with_who_wanted_it(clinic: Library) -> None:
    accounts.add(clinic, "Reader", {Role.ANNOTATOR}, OTHER)
    clinic.close()
    with pytest.raises(NotAllowedError), accounts.sign_in(clinic.path, "Reader", OTHER) as lib:
        housekeeping.verify(SilentContext(), lib)
    with accounts.sign_in(clinic.path, NAME, PASSWORD) as lib:
        line = next(line for line in entries(lib) if line.change.what == "refused")
        assert line.who == "Reader"
        assert line.change.text == "Refused: Reader may not back the library up, or repair it"


def test_a_report_saved_where_the_library_is_only_read_is_on_record_with_visit_and_person(clinic: Library) -> None:
    with accounts.sign_in(clinic.path, NAME, PASSWORD) as reading:
        assert reading.read_only
        assert on_record.note(reading, "export", "v1", "Report saved as PDF", {"of": "Wunderlich"})
        kept = (clinic.path / attempts.FILE).read_bytes()
        for secret in (b"Wunderlich", b"v1", b"PDF"):
            assert secret not in kept
    clinic.close()
    with accounts.sign_in(clinic.path, NAME, PASSWORD) as lib:
        line = next(line for line in entries(lib) if line.change.what == "export")
        assert (line.who, line.change.key) == (NAME, "v1")
        assert line.change.new is not None
        assert line.change.new["of"] == "Wunderlich"
        assert line.change.text == "Report saved as PDF (the library was open for reading only)"
        assert attempts.waiting(lib.path) == ((), 0)


def test_a_note_that_these_keys_did_not_seal_is_not_taken_for_anybodys(clinic: Library) -> None:
    assert clinic.account is not None
    attempts.later(clinic.path, "Export", clinic.account.id, "00" * 60)
    clinic.close()
    with accounts.sign_in(clinic.path, NAME, PASSWORD) as lib:
        line = next(line for line in entries(lib) if line.change.text.startswith("Export"))
        assert (line.who, line.change.what) == (accounts.NOBODY, "sign_in")


def test_what_a_role_is_refused_while_another_program_writes_goes_on_record_later(clinic: Library) -> None:
    accounts.add(clinic, "Ann", {Role.ANNOTATOR}, OTHER)
    with accounts.sign_in(clinic.path, "Ann", OTHER) as second:
        assert second.read_only
        with pytest.raises(NotAllowedError) as refused:
            accounts.set_password(second, accounts.everybody(second)[0], PASSWORD)
        second.record_refusal(refused.value)
    assert b"Ann" not in (clinic.path / attempts.FILE).read_bytes()  # a file that is open to all
    clinic.close()
    with accounts.sign_in(clinic.path, NAME, PASSWORD) as again:
        (line,) = [line for line in entries(again) if line.text.startswith("Refused")]
    assert (line.what, "Ann" in line.text) == ("refused", True)
