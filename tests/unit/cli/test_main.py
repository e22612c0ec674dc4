"""The command line through its real `main`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.cli.main import main
from pfm_desktop.imaging.io import write_png
from pfm_desktop.services.pair_files import read_points
from pfm_desktop.support.errors import BadInputError

pytestmark = pytest.mark.slow


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    folder = tmp_path / "病例 with spaces"
    assert main(["phantom", str(folder), "--count", "1", "--seed", "3", "--size", "320"]) == 0
    return folder


def names(folder: Path) -> tuple[str, str]:
    return str(folder / "case_00000_white.png"), str(folder / "case_00000_fluorescence.png")


def test_a_phantom_pair_registers_with_points_and_picture(pair: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text("x,y\n160,160\n100,120.5\n")
    code = main(
        ["register", *names(pair), "--json", str(tmp_path / "r.json"), "--points", str(points),
         "--mapped", str(tmp_path / "m.csv"), "--warped", str(tmp_path / "w.png")]
    )  # fmt: skip
    answer = json.loads((tmp_path / "r.json").read_text())
    assert code == 0
    assert answer["status"] in ("ok", "check")
    assert np.array(answer["matrix"]).shape == (3, 3)
    truth = np.load(pair / "case_00000_truth.npz")["white_to_fluorescence"][160, 160]
    mapped = np.loadtxt(tmp_path / "m.csv", delimiter=",", skiprows=1)
    assert np.linalg.norm(mapped[0] - truth) < 5
    assert (tmp_path / "w.png").stat().st_size > 1000


def test_what_was_written_is_said_and_points_outside_are_noted_and_mapped(
    pair: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    points, mapped, warped = tmp_path / "points.csv", tmp_path / "m.csv", tmp_path / "w.png"
    points.write_text("x,y\n-50,9999\n160,160\n319,0\n-0.4,319.4\n320,1\n")
    call = ["register", *names(pair), "--points", str(points), "--mapped", str(mapped), "--warped", str(warped)]
    assert main(call) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[1:] == [f"Written: {mapped}", f"Written: {warped}"]
    assert said.err == "note: 2 of 5 points lie outside the white-light picture (320 x 320 pixels)\n"
    assert len(mapped.read_text().splitlines()) == 6
    points.write_text("x,y\n160,160\n")
    assert main(call) == 0
    assert capsys.readouterr().err == ""


def test_the_same_picture_twice_asks_for_the_other_one_and_not_for_points(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    white = names(pair)[0]
    assert main(["register", white, white]) == 3
    said = capsys.readouterr().out
    assert "the same picture was given twice. Give the white-light and the fluorescence picture" in said
    assert "by hand" not in said


def test_files_that_a_refused_pair_may_remove_are_told_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["register", "--help"]) == 0
    assert " ".join(capsys.readouterr().out.replace("│", " ").split()).count("when the pair is refused, removed") == 2


def test_pictures_that_do_not_fit_end_with_three_and_json_all_the_same(
    pair: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.png"
    write_png(other, np.random.default_rng(0).integers(0, 255, (320, 320, 3), dtype=np.uint8))
    old, points = tmp_path / "old.png", tmp_path / "points.csv"
    old.write_text("of another pair")
    (tmp_path / "m.csv").write_text("of another pair")
    points.write_text("x,y\n1,1\n")
    written = ["--warped", str(old), "--points", str(points), "--mapped", str(tmp_path / "m.csv")]
    assert main(["register", names(pair)[0], str(other), "--json", str(tmp_path / "r.json"), *written]) == 3
    assert not old.exists()
    assert not (tmp_path / "m.csv").exists()
    before = "(it was there before and is not of this pair)"
    assert capsys.readouterr().out.splitlines()[-3:] == [
        f"Written: {tmp_path / 'r.json'}",
        f"Removed: {tmp_path / 'm.csv'} {before}",
        f"Removed: {old} {before}",
    ]
    assert main(["register", names(pair)[0], str(other), *written]) == 3
    assert "Removed" not in capsys.readouterr().out
    answer = json.loads((tmp_path / "r.json").read_text())
    assert answer["status"] == "refused"
    assert answer["reason"]
    assert "Place" not in answer["reason"]


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n"])
def test_bad_input_is_one_line_that_names_the_file(
    pair: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes
) -> None:
    bad = tmp_path / "bad file.png"
    bad.write_bytes(content)
    assert main(["register", names(pair)[0], str(bad)]) == 2
    said = capfd.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert said[0].startswith("error: ")
    assert "bad file.png" in said[0]


def test_a_missing_model_is_bad_input_with_a_remedy(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "verify", "no-such-model"]) == 2
    assert "error: " in capfd.readouterr().err


def test_points_without_a_place_for_the_mapped_ones_are_refused(pair: Path, tmp_path: Path) -> None:
    points = tmp_path / "p.csv"
    points.write_text("x,y\n1,1\n")
    assert main(["register", *names(pair), "--points", str(points)]) == 2


def test_points_are_read_as_manifests_are_read(tmp_path: Path) -> None:
    points = tmp_path / "p.csv"
    for text in ("x,y\n1,2\n\n3,4.5\n", "\ufeffid, Y ,X\r\na, 2 ,1\r\n,,\r\nb,4.5,3\r\n"):
        points.write_text(text, encoding="utf-8")
        assert read_points(points).tolist() == [[1, 2], [3, 4.5]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "lacks the columns x, y. the first line must be x,y"),
        ("1,2\n3,4\n", "lacks the columns x, y"),
        ("x,y,x,y\n1,2,3,4\n", "has the column x, y twice. keep one of them"),
        ("x,y,X\n1,2,3\n", "has the column x twice"),
        ("x;y\n1;2\n", "is separated by semicolons (;). save it with commas"),
        ("x,y\n1,2\n\n\nfoo,3\n", "line 5: no x and y. give two numbers with a decimal point"),
        ('x,y\n"1,5","2,5"\n', "line 2: no x and y. give two numbers with a decimal point"),
        ("x,y\n1,5,2,5\n", "line 2: more cells than columns"),
        ("x,y\n1\n", "line 2: no x and y"),
        ("x,y\n1e400,2\n", "line 2: not a finite number"),
    ],
)
def test_points_that_cannot_be_used_are_refused_by_line(tmp_path: Path, text: str, said: str) -> None:
    points = tmp_path / "p.csv"
    points.write_text(text)
    with pytest.raises(BadInputError) as error:
        read_points(points)
    assert str(error.value).startswith(str(points))
    assert said in str(error.value)


def test_a_points_file_that_cannot_be_read_gets_its_own_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInputError, match=r"there is no file .*gone\.csv\. check the name"):
        read_points(tmp_path / "gone.csv")
    with pytest.raises(BadInputError, match=r"is a folder, not a points file"):
        read_points(tmp_path)
    (tmp_path / "utf16.csv").write_text("x,y\n", encoding="utf-16")
    with pytest.raises(BadInputError, match="is not UTF-8 text"):
        read_points(tmp_path / "utf16.csv")

    def closed(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", closed)
    with pytest.raises(BadInputError, match=r"Permission denied\. check its permissions"):
        read_points(tmp_path / "utf16.csv")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["register"],
        ["phantom", "out", "--count", "many"],
        ["phantom", "out", "--count", "0"],
        ["train", "manifest.csv", "--out", "model", "--shares", "1,2"],
        ["train", "manifest.csv", "--out", "model", "--variant", "T9"],
    ],
)
def test_a_wrong_call_is_one_line_and_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    first = capsys.readouterr().out
    assert main(["version"]) == 0
    assert first == capsys.readouterr().out != ""


@pytest.mark.parametrize("name", ["[/x]", "[red]x", ":smile:"])
def test_what_a_path_holds_is_printed_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["phantom", str(tmp_path / name), "--size", "64"]) == 0
    assert str(tmp_path / name / "manifest.csv") in capsys.readouterr().out


def test_a_line_break_in_a_name_makes_no_second_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["register", "a\nb.png", "c\x1b[31m.png"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: there is no file a\\nb.png")
    assert said.count("\n") == 1
    assert "\x1b" not in said


def test_files_of_a_registration_are_written_all_or_none_and_never_over_the_pictures(
    pair: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    white, fluorescence = names(pair)
    before = Path(white).read_bytes()
    assert main(["register", white, fluorescence, "--json", white]) == 2
    assert "would be overwritten" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    nowhere = str(tmp_path / "file" / "warped.png")
    assert main(["register", white, fluorescence, "--json", str(tmp_path / "r.json"), "--warped", nowhere]) == 2
    assert Path(white).read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["file"]
