"""Whatever is given to it: one clear line, nothing half written, the library as it was, and the program goes on."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pfm_desktop.cli.main import main
from pfm_desktop.domain.source import Stage
from pfm_desktop.services import cases
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError

pytestmark = pytest.mark.slow  # trains, or draws many pictures

if TYPE_CHECKING:
    from tests.e2e.conftest import PairFiles

NOBODY = 65534


def saved(pixels: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def bomb() -> bytes:
    """A PNG of 20,000 x 20,000 pixels in a few hundred bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def no_numbers() -> bytes:
    """A TIFF of floating point numbers, all of them NaN."""
    stream = io.BytesIO()
    Image.fromarray(np.full((400, 400), np.nan, np.float32)).save(stream, "TIFF")
    return stream.getvalue()


# what makes the file, what the error says of it, what it advises
UNREADABLE: dict[str, tuple[Callable[[np.ndarray], bytes], str, str]] = {
    "no picture": (lambda _: b"hello, I am a text file", "is not a picture", "choose a PNG"),
    "cut short": (lambda pixels: saved(pixels)[:2000], "cut short", "again"),
    "JPEG cut short": (lambda pixels: saved(pixels, "JPEG")[:3000], "cut short", "again"),
    "empty": (lambda _: b"", "zero bytes", "copy it again"),
    "one pixel": (lambda pixels: saved(pixels[:1, :1]), "too small", "at least"),
    "no numbers": (lambda _: no_numbers(), "instead of colours", "choose a PNG"),
    "pixel bomb": (lambda _: bomb(), "too large (20000 x 20000", "at most 100 megapixels"),
}


def analyze(picture: Path | str, model: Path, out: Path, *more: str, source: str = "white") -> int:
    return main(
        ["analyze", f"--{source}", str(picture), "--model", str(model), "--json", str(out / "a.json"),
         "--overlay", str(out / "o.png"), "--report", str(out / "r.pdf"), *more]
    )  # fmt: skip


def the_error(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr."""
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    return said


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture
def bad(request: pytest.FixtureRequest, tmp_path: Path, phantom_pair: PairFiles) -> tuple[Path, str, str]:
    make, said, advice = UNREADABLE[request.param]
    file = tmp_path / "bad 病例.png"
    file.write_bytes(make(phantom_pair.white_pixels))
    return file, said, advice


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("source", ["white", "fluorescence"])
@pytest.mark.parametrize("bad", UNREADABLE, indirect=True)
def test_analyze_refuses_what_cannot_be_read_by_name_and_writes_nothing(
    bad: tuple[Path, str, str], source: str, out: Path, tiny_model: Path, phantom_pair: PairFiles,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file, said, advice = bad
    other = "fluorescence" if source == "white" else "white"
    assert analyze(file, tiny_model, out, f"--{other}", str(getattr(phantom_pair, other)), source=source) == 2
    error = the_error(capsys)
    for text in (file.name, said, advice):
        assert text in error
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("bad", UNREADABLE, indirect=True)
def test_register_refuses_what_cannot_be_read_by_name_and_writes_nothing(
    bad: tuple[Path, str, str], out: Path, phantom_pair: PairFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    file, said, _ = bad
    outputs = ["--json", str(out / "r.json"), "--warped", str(out / "w.png")]
    assert main(["register", str(phantom_pair.white), str(file), *outputs]) == 2
    error = the_error(capsys)
    assert file.name in error
    assert said in error
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("bad", UNREADABLE, indirect=True)
def test_a_library_stays_as_it_was(bad: tuple[Path, str, str], tmp_path: Path, phantom_pair: PairFiles) -> None:
    file, said, _ = bad
    with Library.create(tmp_path / "library") as lib:
        visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-1").id).id
        cases.add_picture(lib, visit, phantom_pair.white, stage=Stage.ACETIC_ACID)
        before = cases.visit_case(lib, visit), list(lib.pictures.files())
        with pytest.raises(BadInputError) as error:
            cases.add_picture(lib, visit, file, stage=Stage.FLUORESCENCE_AFTER_ACID)
        assert said in str(error.value)
        assert (cases.visit_case(lib, visit), list(lib.pictures.files())) == before
        cases.add_picture(lib, visit, phantom_pair.fluorescence, stage=Stage.FLUORESCENCE_AFTER_ACID)
        assert len(cases.visit_case(lib, visit).pictures) == 2


def test_a_folder_and_a_missing_file_are_told_apart(
    out: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert analyze(tmp_path, tiny_model, out) == 2
    assert "is a folder, not a picture" in the_error(capsys)
    assert analyze(tmp_path / "gone.png", tiny_model, out) == 2
    assert "there is no file" in the_error(capsys)
    assert analyze("x" * 5000, tiny_model, out) == 2
    assert "cannot be read" in the_error(capsys)
    assert list(out.iterdir()) == []


def test_no_picture_at_all_is_said(out: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "--model", str(tiny_model), "--json", str(out / "a.json")]) == 2
    assert "no picture was given" in the_error(capsys)
    assert list(out.iterdir()) == []


@contextmanager
def without_rights() -> Iterator[None]:
    """As a user who may not read everything: root may, so it steps down for a moment."""
    if not hasattr(os, "seteuid"):
        pytest.skip("this system has other rights than Unix")
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user reaches; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_picture_that_may_not_be_read_is_refused_by_name(
    open_folder: Path, phantom_pair: PairFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    white, closed = open_folder / "white.png", open_folder / "closed.png"
    white.write_bytes(phantom_pair.white.read_bytes())
    closed.write_bytes(phantom_pair.fluorescence.read_bytes())
    assert main(["register", str(white), str(closed)]) == 0  # loads what is loaded late
    closed.chmod(0)
    capsys.readouterr()
    with without_rights():
        assert main(["register", str(white), str(closed)]) == 2
    error = the_error(capsys)
    assert "closed.png" in error
    assert "permission" in error
    hidden = open_folder / "hidden"
    hidden.mkdir(mode=0o700)
    with without_rights():
        if os.access(hidden, os.R_OK, effective_ids=True):
            pytest.skip("nothing is closed to this user")
        assert main(["register", str(white), str(hidden / "a.png")]) == 2
    assert "permission" in the_error(capsys)


def test_a_folder_that_may_not_be_written_is_refused_by_name(
    open_folder: Path, phantom_pair: PairFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    white, other = open_folder / "white.png", open_folder / "other.png"
    white.write_bytes(phantom_pair.white.read_bytes())
    other.write_bytes(phantom_pair.fluorescence.read_bytes())
    closed = open_folder / "closed"
    closed.mkdir()
    assert main(["register", str(white), str(other), "--json", str(closed / "r.json")]) == 0
    (closed / "r.json").unlink()
    closed.chmod(0o555)
    capsys.readouterr()
    with without_rights():
        assert main(["register", str(white), str(other), "--json", str(closed / "r.json")]) == 2
    error = the_error(capsys)
    assert "r.json" in error
    assert "choose a folder that you may write to" in error
    assert list(closed.iterdir()) == []


def test_an_original_is_never_overwritten(
    tmp_path: Path, tiny_model: Path, phantom_pair: PairFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.png"
    mine.write_bytes(phantom_pair.white.read_bytes())
    assert main(["analyze", "--white", str(mine), "--model", str(tiny_model), "--overlay", str(mine)]) == 2
    assert "would be overwritten" in the_error(capsys)
    assert mine.read_bytes() == phantom_pair.white.read_bytes()


def model_of(tiny_model: Path, tmp_path: Path, **files: bytes | None) -> Path:
    """A copy of the model with files changed or (None) left out."""
    names = {"weights": "weights.safetensors", "toml": "model.toml"}
    folder = tmp_path / "altered"
    folder.mkdir()
    for key, name in names.items():
        data = files.get(key, (tiny_model / name).read_bytes())
        if data is not None:
            (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"weights": None}, "weights of tiny are missing"),
        ({"weights": b"altered"}, "weights.safetensors are not those of tiny"),
        ({"toml": b"format = ["}, "model.toml cannot be read"),
        ({"toml": b"format = 99"}, "has format 99"),
    ],
)
def test_a_model_that_is_missing_or_altered_answers_nothing(
    files: dict[str, bytes | None], said: str, out: Path, tmp_path: Path, tiny_model: Path, phantom_pair: PairFiles,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert analyze(phantom_pair.white, model_of(tiny_model, tmp_path, **files), out) == 2
    assert said in the_error(capsys)
    assert list(out.iterdir()) == []


def test_a_model_that_is_not_there_is_named_with_those_that_are(
    out: Path, phantom_pair: PairFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    assert analyze(phantom_pair.white, Path("no-such-model"), out) == 2
    error = the_error(capsys)
    assert "no-such-model" in error
    assert "known models: " in error
    assert list(out.iterdir()) == []


@pytest.mark.slow
def test_a_disk_that_fills_while_writing_leaves_none_of_the_files(
    out: Path, tiny_model: Path, phantom_pair: PairFiles
) -> None:
    """The operating system itself refuses to let any file grow beyond 20 kB: JSON fits, the overlay does not."""
    resource = pytest.importorskip("resource")
    assert resource is not None
    (out / "a.json").write_text("from before")
    program = (
        "import resource, sys; from pfm_desktop.cli.main import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); sys.exit(main(sys.argv[1:]))"
    )
    call = [sys.executable, "-c", program, "analyze", "--white", str(phantom_pair.white), "--model", str(tiny_model)]
    call += ["--json", str(out / "a.json"), "--overlay", str(out / "o.png"), "--report", str(out / "r.pdf")]
    ended = subprocess.run(call, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.startswith("error: could not write")
    assert ended.stderr.count("\n") == 1
    assert "o.png" in ended.stderr
    assert "free some space" in ended.stderr
    assert [file.name for file in out.iterdir()] == ["a.json"]
    assert (out / "a.json").read_text() == "from before"


def turned(pixels: np.ndarray) -> bytes:
    """Lying on its side, with the EXIF line that says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(np.ascontiguousarray(np.rot90(pixels)), exif=exif.tobytes())


def deep(pixels: np.ndarray) -> bytes:
    import cv2

    return bytes(cv2.imencode(".png", pixels[:, :, ::-1].astype(np.uint16) * 257)[1])


def cmyk(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).convert("CMYK").save(stream, "TIFF")
    return stream.getvalue()


def transparent(pixels: np.ndarray) -> bytes:
    return saved(np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)]))


UNUSUAL: dict[str, tuple[Callable[[np.ndarray], bytes], str]] = {
    "CMYK": (cmyk, "CMYK converted to RGB"),
    "16 bits": (deep, "16-bit scaled to 8-bit"),
    "alpha": (transparent, "opaque alpha channel left out"),
    "turned": (turned, "turned upright"),
}


@pytest.mark.parametrize("kind", UNUSUAL)
def test_an_unusual_picture_is_read_with_a_note_and_answered_like_the_plain_one(
    kind: str, tmp_path: Path, out: Path, tiny_model: Path, phantom_pair: PairFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    make, note = UNUSUAL[kind]
    file = tmp_path / "unusual picture 病例.png"
    file.write_bytes(make(phantom_pair.white_pixels))
    assert analyze(phantom_pair.white, tiny_model, out) == 0
    plain = json.loads((out / "a.json").read_text(encoding="utf-8"))
    capsys.readouterr()
    assert analyze(file, tiny_model, out) == 0
    answer = json.loads((out / "a.json").read_text(encoding="utf-8"))
    assert answer["probabilities"] == pytest.approx(plain["probabilities"], abs=1e-6)
    assert any(note in line for line in answer["notes"])
    assert note in capsys.readouterr().out


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("source", ["white", "fluorescence"])
def test_a_picture_without_colour_is_read_with_a_note_and_refused_in_either_light(
    source: str, depth: int, tmp_path: Path, out: Path, tiny_model: Path, phantom_pair: PairFiles,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    import cv2

    pixels = phantom_pair.white_pixels if source == "white" else phantom_pair.fluorescence_pixels
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    file = tmp_path / "grey.png"
    file.write_bytes(saved(grey) if depth == 8 else cv2.imencode(".png", grey.astype(np.uint16) * 257)[1].tobytes())
    assert analyze(file, tiny_model, out, source=source) == 3
    answer = json.loads((out / "a.json").read_text(encoding="utf-8"))
    assert answer["quality"][source]["problems"] == ["no_colour"]
    said = capsys.readouterr().out
    assert "greyscale: one channel copied to three" in said
    assert "This picture is black and white: use the colour picture" in said


def test_folders_with_spaces_and_chinese_characters_are_read_and_written(
    tmp_path: Path, tiny_model: Path, phantom_pair: PairFiles
) -> None:
    folder = tmp_path / "新 病例 folder"
    folder.mkdir()
    white = folder / "白 光.png"
    white.write_bytes(phantom_pair.white.read_bytes())
    assert analyze(white, tiny_model, folder) == 0
    assert {file.name for file in folder.iterdir()} == {"白 光.png", "a.json", "o.png", "r.pdf"}
