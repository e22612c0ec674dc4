"""An encrypted library: nothing readable on disk, and every way in which its files can be wrong has its words."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from unittest.mock import patch

import pytest

from pfm_desktop.storage import journal, keys, migrations, repositories, snapshot
from pfm_desktop.storage.image_store import ImageStore
from pfm_desktop.storage.keys import DIGEST, LibraryKeys, LockedLibraryError
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE, KEYS, KEYS_COPY
from pfm_desktop.storage.sealed import NotSealedError, Seal
from pfm_desktop.storage.worklist import first_rows
from pfm_desktop.support.errors import StorageError

from .conftest import Shelf, fill

pytestmark = pytest.mark.slow

NAME, PASSWORD = "Dr. A", "four words that differ"
PICTURE = b"\x89PNG" + b"what only this picture holds" * 50


def make_keys(path: Path, library_id: str) -> LibraryKeys:
    return keys.make(path, library_id, account_id="a" * 32, name=NAME, password=PASSWORD)[0]


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """An encrypted library with a woman in it, closed."""
    with Library.create(tmp_path / "clinic", make_keys=make_keys) as lib:
        fill(lib)
        lib.pictures.put(PICTURE)
        lib.derived.put(b"a heatmap" * 100)
    return tmp_path / "clinic"


def opened(path: Path) -> Library:
    return Library.open(path, keys.unlock(path, NAME, PASSWORD).keys)


def test_what_was_kept_comes_back_with_the_keys(closed: Path) -> None:
    with opened(closed) as lib, lib.read() as session:
        found = repositories.patient(session, Shelf(lib).patient)
        assert found is not None
        assert found.family_name == "Müller"
        for picture in repositories.pictures_of(session, Shelf(lib).visit):
            assert lib.pictures.get(picture.sha256) in (b"white bytes", b"lit bytes")


def test_without_keys_it_does_not_open_and_shows_no_list(closed: Path) -> None:
    with pytest.raises(LockedLibraryError, match="sign in"):
        Library.open(closed)
    assert first_rows(closed) is None


def test_nothing_of_it_can_be_read_on_disk_while_it_is_open_and_after(closed: Path) -> None:
    def raw() -> bytes:
        return b"".join(path.read_bytes() + path.name.encode() for path in closed.rglob("*") if path.is_file())

    planted = ["Müller".encode(), "Änne".encode(), b"K-17", b"1980-02-29", b"a.png", PICTURE[4:32], b"white bytes",
               b"a heatmap", b"CREATE TABLE", b"SQLite format", NAME.encode(), PASSWORD.encode()]  # fmt: skip
    with opened(closed) as lib:
        lib.record_event("test", "key", "Müller again, in the side file")
        assert (closed / f"{DATABASE}-wal").stat().st_size > 0
        during = raw()
    for found in (during, raw()):
        assert not [secret for secret in planted if secret in found]


def test_the_names_of_picture_files_do_not_tell_which_pictures_they_are(closed: Path) -> None:
    with opened(closed) as lib:
        sha256 = lib.pictures.put(PICTURE)
        assert not [path for path in closed.rglob("*") if sha256 in path.name]
        assert sum(1 for _ in lib.pictures.files()) == 3
        assert list(lib.pictures.unused([sha256])) == [
            path for path in lib.pictures.files() if path != lib.pictures.find(sha256)
        ]


def test_a_picture_file_that_was_swapped_with_another_is_not_shown(closed: Path) -> None:
    with opened(closed) as lib:
        one, other = lib.pictures.put(PICTURE), lib.pictures.put(PICTURE + b"2")
        mine, its = lib.pictures.find(one), lib.pictures.find(other)
        assert mine is not None
        assert its is not None
        shutil.copy(its, mine)
        with pytest.raises(StorageError, match="was altered"):
            lib.pictures.get(one)
        assert lib.pictures.put(PICTURE) == one, "adding the picture again heals it"
        assert lib.pictures.get(one) == PICTURE


@pytest.mark.parametrize("at", [0, 7, 8, 19, 20, 100, -1])
def test_an_altered_byte_anywhere_in_a_picture_file_is_found(closed: Path, at: int) -> None:
    with opened(closed) as lib:
        sha256 = lib.pictures.put(PICTURE)
        path = lib.pictures.find(sha256)
        assert path is not None
        data = bytearray(path.read_bytes())
        data[at] ^= 1
        path.write_bytes(data)
        with pytest.raises(StorageError, match="was altered"):
            lib.pictures.get(sha256)


def test_equal_pictures_do_not_look_equal_in_two_libraries(tmp_path: Path) -> None:
    seals = [Seal(LibraryKeys(name, name.encode() * 32)) for name in "ab"]
    assert seals[0].name_of("0" * 64) != seals[1].name_of("0" * 64)
    assert seals[0].close(PICTURE, "0" * 64) != seals[0].close(PICTURE, "0" * 64), "a nonce is never used twice"
    with pytest.raises(NotSealedError):
        seals[1].open(seals[0].close(PICTURE, "0" * 64), "0" * 64)
    with pytest.raises(NotSealedError):
        seals[0].open(b"", "0" * 64)


def test_a_database_whose_first_bytes_were_written_over_still_opens(closed: Path) -> None:
    with (closed / DATABASE).open("rb+") as stream:
        stream.write(b"overwritten here")
    with opened(closed) as lib, lib.read() as session:
        assert repositories.patients(session)


def test_a_database_that_is_damaged_further_says_so_and_stays_as_it_is(closed: Path) -> None:
    with (closed / DATABASE).open("rb+") as stream:
        stream.seek(200)
        stream.write(b"x" * 100)
    before = (closed / DATABASE).read_bytes()
    with pytest.raises(StorageError, match="does not open with its keys"):
        opened(closed)
    assert (closed / DATABASE).read_bytes() == before


def test_the_key_file_of_another_library_opens_nothing(closed: Path, tmp_path: Path) -> None:
    Library.create(tmp_path / "other", make_keys=make_keys).close()
    for name in (KEYS, KEYS_COPY):
        shutil.copy(tmp_path / "other" / name, closed / name)
    with pytest.raises(StorageError, match=re.escape(f"{KEYS} is not the one of this library")):
        opened(closed)


def test_an_empty_database_is_never_taken_for_a_new_one(closed: Path) -> None:
    (closed / DATABASE).write_bytes(b"")
    with pytest.raises(StorageError, match="the file is empty"):
        opened(closed)


def test_without_its_key_file_it_says_what_is_missing(closed: Path) -> None:
    found = keys.unlock(closed, NAME, PASSWORD).keys
    for name in (KEYS, KEYS_COPY):
        (closed / name).unlink()
    with pytest.raises(
        StorageError, match=re.escape(f"is encrypted, and {KEYS} and {KEYS_COPY} are missing")
    ) as refused:
        Library.open(closed)
    assert "snapshots/*.keys.json" in refused.value.remedy
    assert "pfm library repair LIBRARY --from BACKUP" in refused.value.remedy
    with pytest.raises(StorageError, match=re.escape(f"has no {KEYS}")):
        Library.open(closed, found)


def test_without_key_file_and_pictures_nobody_knows_and_the_keys_are_named_first(tmp_path: Path) -> None:
    Library.create(tmp_path / "clinic", make_keys=make_keys).close()
    for name in (KEYS, KEYS_COPY):
        (tmp_path / "clinic" / name).unlink()
    with pytest.raises(StorageError, match=re.escape(f"if it was encrypted, {KEYS} is missing")) as refused:
        Library.open(tmp_path / "clinic")
    assert refused.value.remedy.startswith(f"if it was encrypted, put {KEYS} back: each backup holds it as")


def test_a_plain_database_in_its_place_is_not_opened(closed: Path, tmp_path: Path) -> None:
    Library.create(tmp_path / "plain").close()
    shutil.copy(tmp_path / "plain" / DATABASE, closed / DATABASE)
    with pytest.raises(StorageError, match="does not open with its keys"):
        opened(closed)


def test_keys_whose_pictures_are_there_are_never_written_over(closed: Path) -> None:
    (closed / DATABASE).unlink()
    before = (closed / KEYS).read_bytes()
    for make in (make_keys, None):
        with pytest.raises(StorageError, match="whose database is missing"):
            Library.create(closed, make_keys=make)
    assert (closed / KEYS).read_bytes() == before


def test_a_creation_cut_short_after_its_keys_may_be_repeated(tmp_path: Path) -> None:
    def cut_short(path: Path, library_id: str) -> LibraryKeys:
        make_keys(path, library_id)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Library.create(tmp_path / "clinic", make_keys=cut_short)
    with Library.create(tmp_path / "clinic") as lib:
        assert lib.keys is None
    assert not (tmp_path / "clinic" / KEYS).exists()
    Library.open(tmp_path / "clinic").close()


def test_a_second_program_reads_along_with_the_same_keys(closed: Path) -> None:
    with opened(closed) as first, opened(closed) as second:
        assert second.read_only
        first.record_event("test", "key", "seen by both")
        with second.read() as session:
            assert journal.entries(session)[-1].text == "seen by both"


def test_the_copy_before_a_migration_is_encrypted_as_well(tmp_path: Path) -> None:
    path = tmp_path / "clinic"
    with patch.multiple(migrations, VERSIONS=migrations.VERSIONS[:3], CURRENT=3):
        Library.create(path, make_keys=make_keys).close()
    with opened(path) as lib:
        (copy,) = (one.path for one in migrations.copies(path))
        assert b"CREATE" not in copy.read_bytes()
        with snapshot.opened(copy, lib.keys) as session:
            assert migrations.version_of(session.connection()) == 3
        with pytest.raises(StorageError), snapshot.opened(copy):
            pass


@pytest.mark.parametrize("version", range(3, migrations.CURRENT + 1))
def test_one_of_an_older_version_and_of_before_key_files_had_a_digest_opens_and_is_renewed(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "clinic"
    with patch.multiple(migrations, VERSIONS=migrations.VERSIONS[:version], CURRENT=version):
        Library.create(path, make_keys=make_keys).close()
    for name in (KEYS, KEYS_COPY):
        said = json.loads((path / name).read_text(encoding="utf-8"))
        del said[DIGEST]
        (path / name).write_text(json.dumps(said), encoding="utf-8")
    with opened(path) as lib:
        assert ("was brought from" in lib.notice) == (version < migrations.CURRENT)
        assert DIGEST in json.loads((path / KEYS).read_text(encoding="utf-8"))
    opened(path).close()


def test_a_store_without_keys_does_not_find_what_is_sealed(closed: Path) -> None:
    with opened(closed) as lib:
        sha256 = lib.pictures.put(PICTURE)
    with pytest.raises(StorageError, match="missing"):
        ImageStore(closed / "pictures").get(sha256)
