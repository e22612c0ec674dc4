"""Files that appear in a folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pfm_desktop.capture.folder import WatchedFolder


def put(path: Path, content: bytes = b"x", at: int = 1_000) -> Path:
    path.write_bytes(content)
    os.utime(path, (at, at))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "share"
    made.mkdir()
    return made


def watched(folder: Path) -> WatchedFolder:
    """One that has looked before anything came."""
    made = WatchedFolder(folder)
    assert made.look() == ()
    return made


def test_a_new_file_is_given_once_when_it_stayed_the_same_for_two_looks(folder: Path) -> None:
    watch = watched(folder)
    new = put(folder / "a.jpg")
    assert [watch.look() for _ in range(4)] == [(), (new,), (), ()]


def test_a_file_that_grows_is_given_when_it_is_whole(folder: Path) -> None:
    watch = watched(folder)
    for size in (1, 5, 9):
        put(folder / "a.jpg", b"x" * size)
        assert watch.look() == ()
    put(folder / "a.jpg", b"x" * 9, at=2_000)  # as large as before, and written once more
    assert watch.look() == ()
    assert watch.look() == (folder / "a.jpg",)


def test_files_are_given_in_the_order_in_which_they_were_written(folder: Path) -> None:
    watch = watched(folder)
    for name, at in (("a", 300), ("b", 100), ("c", 200), ("d", 200)):
        put(folder / f"{name}.jpg", at=at)
    watch.look()
    assert [path.stem for path in watch.look()] == ["b", "c", "d", "a"]


def test_what_lay_there_before_is_given_only_where_it_is_asked_for(folder: Path) -> None:
    old = put(folder / "old.jpg")
    watch, all_of_it = WatchedFolder(folder), WatchedFolder(folder, also_old=True)
    assert [watch.look() for _ in range(3)] == [(), (), ()]
    assert [all_of_it.look() for _ in range(3)] == [(), (old,), ()]


def test_another_file_under_the_same_name_is_given_too(folder: Path) -> None:
    old = put(folder / "image.jpg")
    watch = watched_with(folder)
    put(old, b"other", at=5_000)
    watch.look()
    assert watch.look() == (old,)


def watched_with(folder: Path) -> WatchedFolder:
    watch = WatchedFolder(folder)
    assert watch.look() == ()
    return watch


@pytest.mark.parametrize(
    "name", [".hidden.jpg", "~$a.jpg", "a.jpg~", "a.jpg.part", "a.TMP", "a.crdownload", "Thumbs.db", "desktop.ini"]
)
def test_hidden_and_unfinished_files_are_left_alone(folder: Path, name: str) -> None:
    watch = watched(folder)
    put(folder / name)
    assert [watch.look() for _ in range(3)] == [(), (), ()]


def test_a_file_that_is_written_under_another_name_first_is_given_under_its_own(folder: Path) -> None:
    watch = watched(folder)
    part = put(folder / "a.jpg.part")
    watch.look()
    part.rename(folder / "a.jpg")
    watch.look()
    assert watch.look() == (folder / "a.jpg",)


def test_empty_files_folders_and_links_are_left_alone(folder: Path, tmp_path: Path) -> None:
    watch = watched(folder)
    put(folder / "empty.jpg", b"")
    (folder / "more").mkdir()
    (folder / "link.jpg").symlink_to(put(tmp_path / "elsewhere.jpg"))
    os.mkfifo(folder / "pipe.jpg")
    assert [watch.look() for _ in range(3)] == [(), (), ()]
    put(folder / "empty.jpg", b"no more")
    watch.look()
    assert watch.look() == (folder / "empty.jpg",)


def test_a_file_that_cannot_be_opened_yet_is_given_when_it_can(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = watched(folder)
    new = put(folder / "a.jpg")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda *_: (_ for _ in ()).throw(PermissionError("in use")))
        assert [watch.look() for _ in range(3)] == [(), (), ()]
    assert watch.look() == (new,)


def test_a_share_that_goes_away_is_said_and_waited_for_and_nothing_of_it_comes_twice(folder: Path) -> None:
    watch = watched(folder)
    first = put(folder / "a.jpg")
    watch.look()
    assert watch.look() == (first,)
    away = folder.with_name("unmounted")
    folder.rename(away)
    assert watch.look() == ()
    assert str(folder) in watch.away
    assert "Waiting" in watch.away
    second = put(away / "b.jpg", at=2_000)
    away.rename(folder)
    watch.look()
    assert watch.away == ""
    assert watch.look() == (folder / second.name,)


def test_a_folder_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    watch = WatchedFolder(tmp_path / "later")
    assert watch.look() == ()
    assert watch.away
    (tmp_path / "later").mkdir()
    put(tmp_path / "later" / "old.jpg")
    assert [watch.look() for _ in range(3)] == [(), (), ()]  # it lay there when watching could begin
    new = put(tmp_path / "later" / "new.jpg")
    watch.look()
    assert watch.look() == (new,)


def test_a_share_that_comes_onto_an_empty_folder_is_begun_with_only_then(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = watched(folder)
    put(folder / "old.jpg")
    device = folder.stat().st_dev + 1
    real = Path.stat

    def mounted(path: Path, **options: bool) -> os.stat_result:
        found = list(real(path, **options))
        return os.stat_result([*found[:2], device, *found[3:]])

    monkeypatch.setattr(Path, "stat", mounted)
    assert [watch.look() for _ in range(3)] == [(), (), ()]


def test_a_file_that_goes_while_it_is_looked_at_harms_nothing(folder: Path) -> None:
    watch = watched(folder)
    put(folder / "a.jpg")
    watch.look()
    shutil.rmtree(folder)
    folder.mkdir()
    assert [watch.look() for _ in range(2)] == [(), ()]


def test_it_is_told_between_which_looks_a_file_appeared(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(100))
    monkeypatch.setattr("pfm_desktop.capture.folder.time.monotonic", lambda: float(next(clock)))
    watch = watched(folder)  # at 0
    watch.look()
    new = put(folder / "a.jpg", b"x")
    watch.look()  # at 2
    put(folder / "a.jpg", b"xyz")
    watch.look()
    assert watch.look() == (new,)
    assert watch.came == {new: (1.0, 2.0)}
    watch.look()
    assert watch.came == {}
    shutil.move(folder, folder.with_name("away"))
    watch.look()
    shutil.move(folder.with_name("away"), folder)
    late = put(folder / "b.jpg")
    watch.look()
    assert watch.look() == (late,)
    assert watch.came == {late: (5.0, 7.0)}, "while the folder was away nobody knows"
