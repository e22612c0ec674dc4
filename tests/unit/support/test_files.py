import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from pfm_desktop.support import files
from pfm_desktop.support.errors import BadInputError, StorageError


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with files.replacing(target) as stream:
        stream.write(b"new")
        stream.flush()
        assert target.read_text() == "old"
    assert target.read_text() == "new"


def test_a_full_disk_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(StorageError, match=r"a\.txt: No space left.*unchanged.*free some space"):
        files.write_bytes(target, b"new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_an_error_of_the_writer_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def write_half() -> None:
        with files.replacing(target) as stream:
            stream.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    files.write_text(tmp_path / "新 folder" / "b.txt", "日本")
    assert (tmp_path / "新 folder" / "b.txt").read_text(encoding="utf-8") == "日本"


def test_the_hash_is_of_the_bytes(tmp_path: Path) -> None:
    target = tmp_path / "c"
    files.write_bytes(target, b"abc")
    assert files.sha256_of(target) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_of_several_files_all_are_written_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.pdf"
    second.write_bytes(b"old")
    synced = 0

    def full_at_the_second(_descriptor: int) -> None:
        nonlocal synced
        synced += 1
        if synced == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full_at_the_second)
        with pytest.raises(StorageError, match=r"b\.pdf: No space left"):
            files.write_all({first: b"new", second: b"new"})
    assert list(tmp_path.iterdir()) == [second]
    assert second.read_bytes() == b"old"
    files.write_all({first: b"1", second: b"2"})
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")


@pytest.mark.parametrize(
    ("inputs", "outputs", "said"),
    [
        (["a.png"], ["x.json", "./a.png"], "named twice"),
        ([], ["x.json", "x.json"], "named twice"),
        ([], ["folder"], "is a folder"),
    ],
)
def test_outputs_that_would_overwrite_something_are_refused(
    tmp_path: Path, inputs: list[str], outputs: list[str], said: str
) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadInputError, match=said):
        files.check_outputs([tmp_path / name for name in inputs], [tmp_path / name for name in outputs])
    files.check_outputs([tmp_path / "a.png"], [tmp_path / "x.json"])


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_stays_a_link_and_the_file_it_leads_to_is_written(tmp_path: Path) -> None:
    there, link, second = tmp_path / "there" / "a.json", tmp_path / "link.json", tmp_path / "second.json"
    there.parent.mkdir()
    there.write_text("old")
    link.symlink_to("there/a.json")
    second.symlink_to(link)
    files.write_text(second, "new")
    assert link.is_symlink()
    assert second.is_symlink()
    assert there.read_text() == "new"
    assert list(there.parent.iterdir()) == [there]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_to_a_file_that_is_not_there_yet_makes_that_file(tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to("later.json")
    files.check_outputs([], [link])
    files.write_text(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "later.json").read_text() == "new"


@pytest.mark.skipif(os.name == "nt", reason="no such files there")
@pytest.mark.parametrize(
    "name", ["/dev/stdout", "/dev/null", "/proc/self/fd/1", "/dev/fd/1", "to_stdout", "ring", "pipe"]
)
def test_what_the_system_keeps_is_never_replaced_by_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "to_stdout").symlink_to("/dev/stdout")
    (tmp_path / "ring").symlink_to("ring")
    os.mkfifo(tmp_path / "pipe")
    target = tmp_path / name  # an absolute name stays as it is
    with pytest.raises(BadInputError, match=r"is not a file.*nothing was written"):
        files.check_outputs([], [target])
    with pytest.raises(BadInputError, match="is not a file"), files.replacing(target):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pipe", "ring", "to_stdout"]
    assert (tmp_path / "to_stdout").is_symlink()


@pytest.mark.skipif(os.name == "nt", reason="no such folder there")
def test_a_folder_of_the_system_is_called_so_and_another_folder_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"/proc belongs to the system.*choose another folder") as error:
        files.write_text(Path("/proc/x/phantoms.json"), "")
    assert "name a file" not in str(error.value)


def test_an_empty_name_for_a_file_to_write_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="the name of a file to write is empty"):
        files.check_outputs([], [Path()])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
def test_a_new_file_is_for_its_owner_alone_and_one_that_was_opened_for_others_stays_so(tmp_path: Path) -> None:
    report = tmp_path / "report.pdf"
    files.write_bytes(report, b"of one woman")
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    report.chmod(0o640)
    files.write_bytes(report, b"of the same")
    assert stat.S_IMODE(report.stat().st_mode) == 0o640


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
@pytest.mark.parametrize(
    ("folder", "umask", "wanted"),
    [
        (0o700, 0o002, 0o600),
        (0o755, 0o002, 0o600),
        (0o2770, 0o002, 0o660),
        (0o2770, 0o022, 0o640),
        (0o777, 0o002, 0o664),
        (0o777, 0o077, 0o600),
        (0o1777, 0o002, 0o600),
    ],
)
def test_whom_a_folder_lets_write_may_read_what_comes_into_it_as_far_as_the_umask_lets_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: int, umask: int, wanted: int
) -> None:
    monkeypatch.setattr(files, "_UMASK", umask)
    (tmp_path / "library").mkdir()
    (tmp_path / "library").chmod(folder)
    files.write_bytes(tmp_path / "library" / "picture", b"of one woman")
    assert stat.S_IMODE((tmp_path / "library" / "picture").stat().st_mode) == wanted
