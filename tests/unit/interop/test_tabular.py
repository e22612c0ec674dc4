"""Reading manifests."""

from __future__ import annotations

from pathlib import Path

import pytest

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source
from pfm_desktop.interop.tabular import read_manifest
from pfm_desktop.support.errors import BadInputError

HEADER = "patient,case,white,fluorescence,grade\n"


def manifest(folder: Path, text: str, *, files: str = "a_w a_f b_w b_f") -> Path:
    for name in files.split():
        (folder / f"{name}.png").write_bytes(b"x")
    path = folder / "manifest.csv"
    path.write_bytes(text.encode())
    return path


def test_each_line_is_a_case_with_its_pictures_and_grade(tmp_path: Path) -> None:
    rows = read_manifest(manifest(tmp_path, HEADER + "p1,a,a_w.png,a_f.png,high\np2,b,b_w.png,b_f.png,normal\n"))
    assert [(row.patient, row.case, row.grade, row.line) for row in rows] == [
        ("p1", "a", Grade.HIGH, 2),
        ("p2", "b", Grade.NORMAL, 3),
    ]
    assert rows[0].picture(Source.WHITE) == tmp_path / "a_w.png"
    assert rows[0].picture(Source.FLUORESCENCE) == tmp_path / "a_f.png"


def test_what_a_spreadsheet_adds_does_no_harm(tmp_path: Path) -> None:
    """A byte-order mark, capitals, spaces, more columns, empty lines, Windows line ends."""
    text = "\ufeffPatient, Case ,WHITE,Fluorescence,Grade,note\r\np1, a ,a_w.png, a_f.png ,HIGH,x\r\n,,,,,\r\n"
    rows = read_manifest(manifest(tmp_path, text))
    assert len(rows) == 1
    assert rows[0].fluorescence == tmp_path / "a_f.png"


@pytest.mark.parametrize("lines", ["", "\n\n", ",,,,\n", ",,,,\r\n , ,,,\r\n\r\n", ",,,,,,,\n"])
def test_a_manifest_without_a_case_is_refused_by_name(tmp_path: Path, lines: str) -> None:
    with pytest.raises(BadInputError, match=r"manifest\.csv names no case.*add one line a case"):
        read_manifest(manifest(tmp_path, HEADER + lines))


@pytest.mark.parametrize(("word", "grade"), [("LSIL", Grade.LOW), ("cin3", Grade.HIGH), ("HSIL", Grade.HIGH)])
def test_common_names_of_grades_are_understood(tmp_path: Path, word: str, grade: Grade) -> None:
    assert read_manifest(manifest(tmp_path, f"{HEADER}p,a,a_w.png,,{word}\n"))[0].grade is grade


def test_one_source_may_be_missing_but_not_both(tmp_path: Path) -> None:
    rows = read_manifest(manifest(tmp_path, HEADER + "p,a,a_w.png,,low\np,b,,b_f.png,low\n"))
    assert rows[0].fluorescence is None
    assert rows[1].white is None
    with pytest.raises(BadInputError, match=r"no picture \(line 2\)"):
        read_manifest(manifest(tmp_path, HEADER + "p,a,,,low\n"))


def test_missing_columns_are_named_with_the_line_that_is_wanted(tmp_path: Path) -> None:
    path = manifest(tmp_path, "patient,case,white\np,a,a_w.png\n")
    with pytest.raises(BadInputError, match=r"manifest\.csv lacks the columns fluorescence, grade.*first line must be"):
        read_manifest(path)


def test_a_column_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="has the column grade twice"):
        read_manifest(manifest(tmp_path, "patient,case,white,fluorescence,grade,Grade\np,a,a_w.png,,low,high\n"))


def test_missing_files_are_named_and_counted(tmp_path: Path) -> None:
    lines = "".join(f"p,c{n},gone_{n}.png,,low\n" for n in range(5))
    with pytest.raises(BadInputError, match=r"missing file \(line 2: .*gone_0\.png.* and 2 more\).*relative to"):
        read_manifest(manifest(tmp_path, HEADER + lines))


def test_an_unknown_grade_is_named_with_the_grades_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"unknown grade \(line 3: severe\).*normal, low, high, cancer"):
        read_manifest(manifest(tmp_path, HEADER + "p,a,a_w.png,,low\np,b,b_w.png,,severe\n"))


def test_all_kinds_of_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"unknown grade.*no patient.*missing file"):
        read_manifest(manifest(tmp_path, HEADER + ",a,gone.png,,\n"))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("p,a,a_w.png,,low\np,a,b_w.png,,low\n", r"the case a twice \(lines 2 and 3\)"),
        ("p,a,a_w.png,,low\nq,b,a_w.png,,low\n", r"the file .*a_w\.png twice"),
    ],
)
def test_a_case_or_picture_named_twice_is_refused(tmp_path: Path, lines: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        read_manifest(manifest(tmp_path, HEADER + lines))


@pytest.mark.parametrize("other", ["./a_w.png", "sub/../a_w.png", "link.png"])
@pytest.mark.parametrize("patient", ["p", "q"])
def test_a_picture_named_twice_is_refused_however_its_path_is_written(tmp_path: Path, other: str, patient: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.png").symlink_to(tmp_path / "a_w.png")
    with pytest.raises(BadInputError, match=r"names the file .*a_w\.png twice \(lines 2 and 3\)|link\.png twice"):
        read_manifest(manifest(tmp_path, f"{HEADER}p,a,a_w.png,,low\n{patient},b,{other},,low\n"))


@pytest.mark.parametrize(("mark", "name"), [(";", r"semicolons \(;\)"), ("\t", "tabs")])
def test_a_table_with_another_separator_is_told_so(tmp_path: Path, mark: str, name: str) -> None:
    text = (HEADER + "p,a,a_w.png,,low\n").replace(",", mark)
    with pytest.raises(BadInputError, match=rf"manifest\.csv is separated by {name}\. save it with commas"):
        read_manifest(manifest(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lacks the columns"),
        (HEADER, "names no case"),
        (HEADER + 'p,"a,a_w.png,,low\n', "is not a CSV table"),
        ("\0\0\0\0", "lacks the columns|not a CSV"),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        read_manifest(manifest(tmp_path, text))


def test_other_encodings_folders_and_missing_manifests_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(HEADER.encode() + "p,ä,a_w.png,,low\n".encode("latin-1"))
    with pytest.raises(BadInputError, match="not UTF-8"):
        read_manifest(path)
    with pytest.raises(BadInputError, match="is a folder"):
        read_manifest(tmp_path)
    with pytest.raises(BadInputError, match="there is no file"):
        read_manifest(tmp_path / "gone.csv")


def test_a_manifest_in_a_folder_with_chinese_characters_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "病例 清单"
    folder.mkdir()
    assert read_manifest(manifest(folder, HEADER + "李,a,a_w.png,,low\n"))[0].patient == "李"


def test_an_outline_may_be_named_and_may_be_left_out(tmp_path: Path) -> None:
    header = HEADER.replace("\n", ",lesion_outline\n")
    text = header + "p1,a,a_w.png,a_f.png,high,a_o.png\np2,b,b_w.png,b_f.png,normal,\n"
    rows = read_manifest(manifest(tmp_path, text, files="a_w a_f b_w b_f a_o"))
    assert rows[0].lesion == tmp_path / "a_o.png"
    assert rows[1].lesion is None


def test_an_outline_that_is_missing_or_has_no_picture_is_told(tmp_path: Path) -> None:
    header = HEADER.replace("\n", ",lesion_outline\n")
    text = header + "p1,a,a_w.png,a_f.png,high,none.png\np2,b,,b_f.png,high,a_o.png\n"
    with pytest.raises(BadInputError) as told:
        read_manifest(manifest(tmp_path, text, files="a_w a_f b_f a_o"))
    assert "none.png" in str(told.value)
    assert "outline without its white-light picture (line 3)" in str(told.value)
