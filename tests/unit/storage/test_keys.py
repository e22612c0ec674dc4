"""The key file: who is let in, who is not, and what can be read in it."""

from __future__ import annotations

import errno
import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from pfm_desktop.storage import keys, recovery
from pfm_desktop.storage.keys import Cost, LibraryKeys, WrongPasswordError
from pfm_desktop.storage.schema import KEYS, KEYS_COPY, SET_ASIDE, is_encrypted
from pfm_desktop.support.errors import BadInputError, StorageError

PASSWORD = "four words that differ"


@pytest.fixture
def made(tmp_path: Path) -> tuple[LibraryKeys, str]:
    return keys.make(tmp_path, "library-1", account_id="a" * 32, name="Dr. Ängel Weiß", password=PASSWORD)


def rewrite(library: Path, **changes: Any) -> None:
    said = {**json.loads((library / KEYS).read_text(encoding="utf-8")), **changes}
    for name in (KEYS, KEYS_COPY):
        (library / name).write_text(json.dumps({**said, keys.DIGEST: keys.digest(said)}), encoding="utf-8")


def slots(library: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((library / KEYS).read_text(encoding="utf-8"))["slots"]
    return found


@pytest.mark.usefixtures("made")
def test_a_password_opens_what_it_was_set_for_and_a_wrong_one_nothing(
    tmp_path: Path, made: tuple[LibraryKeys, str]
) -> None:
    found = keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD)
    assert found.keys == made[0]
    assert found.account_id == "a" * 32
    for name, password in (("Dr. Ängel Weiß", PASSWORD.upper()), ("Dr. Engel", PASSWORD), ("", ""), ("x" * 9999, "y")):
        with pytest.raises(WrongPasswordError, match="the name or the password is wrong"):
            keys.unlock(tmp_path, name, password)


@pytest.mark.usefixtures("made")
def test_a_name_may_be_typed_with_other_capitals_spaces_and_accents(tmp_path: Path) -> None:
    assert keys.unlock(tmp_path, "  dr.   angel weiss ", PASSWORD).account_id == "a" * 32


@pytest.mark.usefixtures("made")
def test_a_password_is_the_same_however_the_keyboard_composes_its_accents(tmp_path: Path) -> None:
    found = keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD).keys
    keys.set_password(tmp_path, found, account_id="b" * 32, name="B", password="caf\u00e9 au lait")
    assert keys.unlock(tmp_path, "B", "cafe\u0301 au lait").account_id == "b" * 32


def test_the_recovery_key_opens_the_same_keys_and_is_kept_nowhere(
    tmp_path: Path, made: tuple[LibraryKeys, str]
) -> None:
    found = keys.unlock_with_recovery(tmp_path, made[1].lower().replace("-", " "))
    assert (found.keys, found.account_id) == (made[0], keys.RECOVERY)
    kept = (tmp_path / KEYS).read_text(encoding="utf-8")
    assert not any(group in kept for group in made[1].split("-"))


def test_a_new_recovery_key_takes_the_place_of_the_one_before(tmp_path: Path, made: tuple[LibraryKeys, str]) -> None:
    new = keys.new_recovery_key(tmp_path, made[0])
    assert keys.unlock_with_recovery(tmp_path, new).keys == made[0]
    with pytest.raises(WrongPasswordError, match="not the recovery key of this library"):
        keys.unlock_with_recovery(tmp_path, made[1])


def test_a_new_password_leaves_the_master_key_and_the_others_as_they_were(
    tmp_path: Path, made: tuple[LibraryKeys, str]
) -> None:
    keys.set_password(tmp_path, made[0], account_id="b" * 32, name="Sister", password="another long one")
    keys.set_password(tmp_path, made[0], account_id="a" * 32, name="Dr. Ängel Weiß", password="the new password")
    assert keys.unlock(tmp_path, "Dr. Ängel Weiß", "the new password").keys == made[0]
    assert keys.unlock(tmp_path, "Sister", "another long one").keys == made[0]
    with pytest.raises(WrongPasswordError):
        keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD)
    assert keys.accounts_with_password(tmp_path, made[0]) == {"a" * 32, "b" * 32}


def test_neither_keys_nor_names_nor_passwords_can_be_read_in_the_file_or_in_a_trace(
    tmp_path: Path, made: tuple[LibraryKeys, str]
) -> None:
    kept = (tmp_path / KEYS).read_text(encoding="utf-8").lower()
    for secret in (made[0].master.hex(), made[0].database[:64], "ngel", "wei", PASSWORD):
        assert secret not in kept
    assert made[0].master.hex() not in repr(made[0])
    assert str(made[0].master) not in repr(keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD))


def test_each_purpose_and_each_library_has_a_key_of_its_own() -> None:
    one, other = LibraryKeys("1", b"m" * 32), LibraryKeys("2", b"m" * 32)
    made = [
        key for keys_ in (one, other) for key in (bytes.fromhex(keys_.database)[:32], keys_.pictures, keys_.file_names)
    ]
    assert len(set(made)) == 6
    assert {len(key) for key in made} == {32}


@pytest.mark.usefixtures("made")
def test_a_slot_does_not_open_for_another_account_or_in_another_library(tmp_path: Path) -> None:
    mine, *rest = slots(tmp_path)
    rewrite(tmp_path, slots=[{**mine, "id": "b" * 32}, *rest])
    with pytest.raises(WrongPasswordError):
        keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD)
    rewrite(tmp_path, slots=[mine, *rest], library_id="library-2")
    with pytest.raises(WrongPasswordError):
        keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD)


@pytest.mark.usefixtures("made")
def test_a_damaged_key_file_is_read_from_its_copy(tmp_path: Path) -> None:
    (tmp_path / KEYS).write_bytes(b"\x00" * 500)
    assert keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD).account_id == "a" * 32
    (tmp_path / KEYS).unlink()
    assert is_encrypted(tmp_path)
    assert keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD).account_id == "a" * 32


def test_one_flipped_bit_anywhere_is_read_from_the_copy_and_never_written_on(
    tmp_path: Path, made: tuple[LibraryKeys, str]
) -> None:
    keys.set_password(tmp_path, made[0], account_id="b" * 32, name="Sister", password="another long one")
    whole = (tmp_path / KEYS).read_bytes()
    for at in range(0, len(whole), 37):
        damaged = bytearray(whole)
        damaged[at] ^= 1
        (tmp_path / KEYS).write_bytes(damaged)
        (tmp_path / KEYS_COPY).write_bytes(whole)
        assert keys.unlock(tmp_path, "Sister", "another long one").keys == made[0]
        keys.set_password(tmp_path, made[0], account_id="c" * 32, name="Third", password="one more of them")
        assert keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD).keys == made[0]
        assert keys.unlock_with_recovery(tmp_path, made[1]).keys == made[0]


def test_a_key_file_of_another_library_beside_the_right_copy_harms_nothing(
    tmp_path: Path, made: tuple[LibraryKeys, str]
) -> None:
    (tmp_path / "other").mkdir()
    keys.make(tmp_path / "other", "library-2", account_id="a" * 32, name="Dr. Ängel Weiß", password="not this one")
    (tmp_path / KEYS).write_bytes((tmp_path / "other" / KEYS).read_bytes())
    assert keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD).keys == made[0]
    keys.set_password(tmp_path, made[0], account_id="b" * 32, name="Sister", password="another long one")
    assert keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD).keys == made[0]
    assert keys.unlock(tmp_path, "Sister", "another long one").keys == made[0]


HOSTILE = [
    b"",
    b"[]",
    b"{}",
    b"\xff\xfe",
    b"null",
    b"[" * 100_000,
    b'{"format": "pfm_desktop library keys", "version": 1, "library_id": "x", "name_salt": "zz", "slots": []}',
    b'{"format": "pfm_desktop library keys", "version": 1, "library_id": "x", "name_salt": "00", "slots": [{}]}',
    b" " * (2 << 20),
]


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_a_key_file_that_is_none_says_so_and_nothing_is_opened(tmp_path: Path, data: bytes) -> None:
    for name in (KEYS, KEYS_COPY):
        (tmp_path / name).write_bytes(data)
    with pytest.raises(StorageError, match="missing or damaged: without it nobody can open"):
        keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD)


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(
    "change",
    [
        {"memory_kib": 1 << 40},
        {"passes": 10**9},
        {"lanes": 0},
        {"memory_kib": "64"},
        {"passes": -1},
        {"memory_kib": 8},
        {"salt": "00"},
        {"nonce": ""},
        {"wrapped": "00" * 47},
    ],
)
def test_a_file_cannot_make_the_program_work_forever_or_take_all_memory(tmp_path: Path, change: dict[str, Any]) -> None:
    mine, *rest = slots(tmp_path)
    rewrite(tmp_path, slots=[{**mine, **change}, *rest])
    with pytest.raises(StorageError, match="missing or damaged"):
        keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD)


@pytest.mark.usefixtures("made")
def test_a_key_file_of_a_newer_program_is_not_touched(tmp_path: Path) -> None:
    rewrite(tmp_path, version=2)
    before = (tmp_path / KEYS).read_bytes()
    with pytest.raises(StorageError, match="newer version"):
        keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD)
    assert (tmp_path / KEYS).read_bytes() == before


def test_a_guess_costs_what_rfc_9106_asks_for() -> None:
    assert Cost() == Cost(memory_kib=64 * 1024, passes=3, lanes=4)


def test_a_recovery_key_is_written_and_read_back() -> None:
    secret = bytes(range(20))
    said = recovery.written(secret)
    assert len(said.split("-")) == 9
    assert recovery.read(said) == recovery.read(f"  {said.lower().replace('0', 'o').replace('1', 'L')} ") == secret


def test_one_wrong_letter_in_a_recovery_key_is_found() -> None:
    said = recovery.written(recovery.new())
    for at, letter in enumerate(said):
        if letter == "-":
            continue
        other = "7" if letter != "7" else "8"
        with pytest.raises(BadInputError, match="a letter or digit wrong"):
            recovery.read(said[:at] + other + said[at + 1 :])


@pytest.mark.parametrize("text", ["", "ABCD", "u" * 36, "0" * 500, "é" * 36])
def test_what_is_no_recovery_key_says_so(text: str) -> None:
    with pytest.raises(BadInputError, match="type all nine groups"):
        recovery.read(text)


# two at once, and disks that fail in between


SISTER = {"account_id": "b" * 32, "name": "Sister", "password": "another long one"}


def test_two_administrators_at_the_same_time_lose_nobody(tmp_path: Path, made: tuple[LibraryKeys, str]) -> None:
    start = threading.Barrier(4)

    def give(letter: str) -> None:
        start.wait()
        keys.set_password(tmp_path, made[0], account_id=letter * 32, name=f"Reader {letter}", password=PASSWORD)

    threads = [threading.Thread(target=give, args=(letter,)) for letter in "bcde"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keys.accounts_with_password(tmp_path, made[0]) == {letter * 32 for letter in "abcde"}
    assert keys.unlock(tmp_path, "Reader d", PASSWORD).keys == made[0]
    assert keys.unlock_with_recovery(tmp_path, made[1]).keys == made[0]


def test_what_another_program_wrote_meanwhile_stays_and_it_goes_on_record_once(
    tmp_path: Path, made: tuple[LibraryKeys, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for name in (KEYS, KEYS_COPY):
        shutil.copy(tmp_path / name, elsewhere)
    keys.set_password(elsewhere, made[0], **SISTER)
    called: list[str] = []

    def overtaken(_fingerprint: str) -> None:
        called.append("on record")
        for name in (KEYS, KEYS_COPY):
            shutil.copy(elsewhere / name, tmp_path)

    keys.set_password(
        tmp_path, made[0], account_id="c" * 32, name="Third", password="a third long one", on_record=overtaken
    )
    assert called == ["on record"]
    assert keys.accounts_with_password(tmp_path, made[0]) == {"a" * 32, "b" * 32, "c" * 32}
    assert keys.unlock(tmp_path, "Sister", SISTER["password"]).keys == made[0]
    assert keys.unlock(tmp_path, "Third", "a third long one").keys == made[0]
    assert (tmp_path / KEYS).read_bytes() == (tmp_path / KEYS_COPY).read_bytes()


def test_what_cannot_go_on_record_changes_no_password_and_no_recovery_key(
    tmp_path: Path, made: tuple[LibraryKeys, str]
) -> None:
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(_fingerprint: str) -> None:
        raise StorageError("the disk is full")

    with pytest.raises(StorageError, match="the disk is full"):
        keys.set_password(
            tmp_path, made[0], account_id="a" * 32, name="Dr. Ängel Weiß", password="the new password", on_record=full
        )
    with pytest.raises(StorageError, match="the disk is full"):
        keys.new_recovery_key(tmp_path, made[0], on_record=full)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("which", [KEYS, KEYS_COPY])
def test_a_disk_that_refuses_either_file_at_the_last_moment_leaves_the_old_password(
    tmp_path: Path, made: tuple[LibraryKeys, str], monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    replace = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if Path(target).name == which:
            raise OSError(errno.EROFS, "Read-only file system")
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        with pytest.raises(StorageError, match="Read-only file system"):
            keys.set_password(
                tmp_path, made[0], account_id="a" * 32, name="Dr. Ängel Weiß", password="the new password"
            )
    assert keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD).keys == made[0]
    keys.set_password(tmp_path, made[0], account_id="a" * 32, name="Dr. Ängel Weiß", password="the new password")
    assert keys.unlock(tmp_path, "Dr. Ängel Weiß", "the new password").keys == made[0]


def test_a_library_that_is_gone_is_not_told_as_one_without_its_key_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"no longer at .*its folder was moved or renamed"):
        keys.unlock(tmp_path / "gone", "Dr. Ängel Weiß", PASSWORD)


def test_several_may_give_their_passwords_at_the_same_moment(tmp_path: Path, made: tuple[LibraryKeys, str]) -> None:
    start, opened = threading.Barrier(6), []

    def give() -> None:
        start.wait()
        opened.append(keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD).keys)

    threads = [threading.Thread(target=give) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened == [made[0]] * 6


# ---- key files of before there was a digest, and files that are not as they should be


def without_digest(*places: Path) -> None:
    for place in places:
        said = json.loads(place.read_text(encoding="utf-8"))
        del said[keys.DIGEST]
        place.write_text(json.dumps(said), encoding="utf-8")


def test_a_key_file_of_before_there_was_a_digest_opens_and_is_given_one(
    tmp_path: Path, made: tuple[LibraryKeys, str]
) -> None:
    places = tmp_path / KEYS, tmp_path / KEYS_COPY
    without_digest(*places)
    assert keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD).keys == made[0]
    assert keys.unlock_with_recovery(tmp_path, made[1]).keys == made[0]
    keys.renew(tmp_path, made[0])
    for place in places:
        said = json.loads(place.read_text(encoding="utf-8"))
        assert said[keys.DIGEST] == keys.digest(said)
    assert keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD).keys == made[0]
    before = [place.stat().st_ino for place in places]
    keys.renew(tmp_path, made[0])
    assert [place.stat().st_ino for place in places] == before, "once is enough"


def test_another_password_gives_it_a_digest_as_well(tmp_path: Path, made: tuple[LibraryKeys, str]) -> None:
    without_digest(tmp_path / KEYS, tmp_path / KEYS_COPY)
    keys.set_password(tmp_path, made[0], account_id="b" * 32, name="Sister", password="another long one")
    assert keys.DIGEST in json.loads((tmp_path / KEYS).read_text(encoding="utf-8"))
    assert keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD).keys == made[0]


def test_a_digest_whose_name_is_damaged_is_not_taken_for_none(tmp_path: Path, made: tuple[LibraryKeys, str]) -> None:
    text = (tmp_path / KEYS).read_text(encoding="utf-8")
    (tmp_path / KEYS).write_text(text.replace('"digest"', '"digesu"'), encoding="utf-8")
    assert keys.harms(tmp_path, made[0]) == ((tmp_path / KEYS, "is damaged"),)


def test_a_disk_that_is_full_keeps_nobody_from_opening_an_older_key_file(
    tmp_path: Path, made: tuple[LibraryKeys, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_digest(tmp_path / KEYS, tmp_path / KEYS_COPY)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("pfm_desktop.storage.keys.os.fsync", full)
        keys.renew(tmp_path, made[0])
    assert keys.unlock(tmp_path, "Dr. Ängel Weiß", PASSWORD).keys == made[0]


def test_one_whole_file_is_enough_to_write_both_anew_and_what_was_wrong_is_kept(
    tmp_path: Path, made: tuple[LibraryKeys, str]
) -> None:
    assert keys.harms(tmp_path, made[0]) == ()
    assert keys.mend(tmp_path, made[0]) == ()
    whole = (tmp_path / KEYS).read_bytes()
    for name in (KEYS, KEYS_COPY):
        (tmp_path / name).write_bytes(b"{")
        assert keys.harms(tmp_path, made[0]) == ((tmp_path / name, "is damaged"),)
        kept, done = keys.mend(tmp_path, made[0])
        assert f"{name}, which is damaged, was kept as" in kept
        assert done == "keys.json and keys.copy.json were written anew"
        assert {(tmp_path / each).read_bytes() for each in (KEYS, KEYS_COPY)} == {whole}
    assert [file.read_bytes() for file in (tmp_path / SET_ASIDE).iterdir()] == [b"{", b"{"]


def test_a_missing_copy_is_made_again(tmp_path: Path, made: tuple[LibraryKeys, str]) -> None:
    (tmp_path / KEYS_COPY).unlink()
    assert keys.harms(tmp_path, made[0]) == ((tmp_path / KEYS_COPY, "is missing"),)
    assert keys.mend(tmp_path, made[0]) == ("keys.json and keys.copy.json were written anew",)
    assert (tmp_path / KEYS_COPY).read_bytes() == (tmp_path / KEYS).read_bytes()


def test_a_file_of_another_library_and_an_older_copy_are_told_and_mended(
    tmp_path: Path, made: tuple[LibraryKeys, str]
) -> None:
    (tmp_path / "other").mkdir()
    keys.make(tmp_path / "other", "library-2", account_id="a" * 32, name="Dr. Ängel Weiß", password="not this one")
    shutil.copy(tmp_path / "other" / KEYS, tmp_path / KEYS)
    assert keys.harms(tmp_path, made[0]) == ((tmp_path / KEYS, "is that of another library"),)
    assert keys.mend(tmp_path, made[0])
    older = (tmp_path / KEYS_COPY).read_bytes()
    keys.set_password(tmp_path, made[0], account_id="b" * 32, name="Sister", password="another long one")
    (tmp_path / KEYS_COPY).write_bytes(older)
    assert keys.harms(tmp_path, made[0]) == ((tmp_path / KEYS_COPY, "does not say what keys.json says"),)
    assert keys.mend(tmp_path, made[0])
    assert keys.unlock(tmp_path, "Sister", "another long one").keys == made[0]
    assert keys.harms(tmp_path, made[0]) == ()


def test_where_neither_is_whole_nothing_is_written(tmp_path: Path, made: tuple[LibraryKeys, str]) -> None:
    for name in (KEYS, KEYS_COPY):
        (tmp_path / name).write_bytes(b"{")
    assert len(keys.harms(tmp_path, made[0])) == 2
    assert keys.mend(tmp_path, made[0]) == ()
    assert [(tmp_path / name).read_bytes() for name in (KEYS, KEYS_COPY)] == [b"{", b"{"]
