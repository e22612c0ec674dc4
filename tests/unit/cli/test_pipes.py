"""`pfm ... | head -1` ends as it would have ended when all was read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop import __version__
from pfm_desktop.imaging.io import write_png

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="a closed pipe is another error there")]
PFM = "import sys; from pfm_desktop.cli.main import main; sys.exit(main())"


def unread(*arguments: str, errors_too: bool = False) -> tuple[int, str]:
    """Exit code and stderr of `pfm` whose output goes to a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-c", PFM, *arguments],
            stdout=writing,
            stderr=writing if errors_too else subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    return ended.returncode, ended.stderr or ""


@pytest.mark.parametrize(
    "arguments", [["version"], ["--version"], ["--help"], ["models", "list"], ["analyze", "--help"]]
)
def test_what_was_done_ends_with_nought_and_without_a_word(arguments: list[str]) -> None:
    assert unread(*arguments) == (0, "")


def test_an_error_keeps_its_exit_code_when_nobody_reads_it() -> None:
    assert unread("models", "verify", "no-such-model", errors_too=True)[0] == 2


def ended(*arguments: str, stdout: str | None = None, **environment: str) -> tuple[int, bytes, str]:
    """Exit code, stdout and stderr of `pfm` under other settings; `stdout` names a file to write to."""
    with open(stdout or os.devnull, "wb") as file:  # noqa: PTH123
        run = subprocess.run(
            [sys.executable, "-c", PFM, *arguments],
            stdout=file if stdout else subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **environment},
            check=False,
        )
    return run.returncode, run.stdout or b"", run.stderr.decode()


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_letters_that_the_terminal_does_not_have_never_change_the_exit_code(tmp_path: Path, encoding: str) -> None:
    folder = tmp_path / "病例"
    code, said, wrong = ended("phantom", str(folder), "--size", "64", PYTHONIOENCODING=encoding)
    assert (code, wrong) == (0, "")
    assert b"1 phantom cases: " in said
    assert b"??" in said
    assert (folder / "manifest.csv").is_file()


def test_no_colour_is_put_into_what_a_script_reads() -> None:
    assert ended("version", FORCE_COLOR="1")[1].decode().strip() == __version__


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_full_disk_behind_the_output_is_one_error_that_says_what_was_not_written() -> None:
    code, _, said = ended("models", "list", stdout="/dev/full")
    assert code == 2
    assert said.startswith("error: could not write the standard output")
    assert said.count("\n") == 1


def test_a_refusal_keeps_its_exit_code_and_its_files(tmp_path: Path) -> None:
    write_png(tmp_path / "dark.png", np.zeros((320, 320, 3), np.uint8))
    out = tmp_path / "a.json"
    assert unread("analyze", "--white", str(tmp_path / "dark.png"), "--json", str(out)) == (3, "")
    assert "too dark" in out.read_text()


def test_pictures_are_all_written_when_nobody_reads_where(tmp_path: Path) -> None:
    assert unread("phantom", str(tmp_path / "out"), "--count", "2", "--size", "96") == (0, "")
    assert len(list((tmp_path / "out").glob("*_white.png"))) == 2
