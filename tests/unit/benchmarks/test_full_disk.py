"""The script that fails each writing call: it counts, it strikes, and it would tell what is lost."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.full_disk_parts.kinds import KINDS

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which("cc") is None, reason="needs Linux and a C compiler"
)


def run(*options: str) -> list[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / "full_disk.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.splitlines()


def figures(line: str) -> dict[str, int]:
    """`told clearly 7, no harm 3` and so on, by name."""
    return {name.strip(): int(number) for name, number in re.findall(r"([a-z][a-z ]*) (\d+)", line)}


@pytest.mark.slow
def test_no_fault_in_a_small_piece_of_work_loses_anything() -> None:
    plain, encrypted, total, _ = run("--only", "grading", "--every", "4")
    assert plain.startswith("grading, plain: ")
    assert encrypted.startswith("grading, encrypted: ")
    found = figures(total)
    assert found["told clearly"] > 20
    for name in ("not told clearly", "silent", "lost", "not clean", "not resumed"):
        assert found[name] == 0


@pytest.mark.slow
def test_faults_strike_python_sqlite_and_sqlcipher(tmp_path: Path) -> None:
    code = """
import os, sqlite3
from pathlib import Path
from benchmarks.full_disk_parts.faults import MANNERS, failing
from sqlcipher3 import dbapi2
folder = Path(os.environ["FOLDER"])

def of_sqlite(module, name):
    connection = module.connect(folder / name)
    if module is dbapi2:
        connection.execute("PRAGMA key = 'x'")
    connection.execute("CREATE TABLE IF NOT EXISTS t (a)")
    connection.commit()
    connection.close()

works = [
    lambda: (folder / "file").write_bytes(b"x"),
    lambda: (folder / "folder").mkdir(),
    lambda: of_sqlite(sqlite3, "a.sqlite"),
    lambda: of_sqlite(dbapi2, "b.sqlite"),
]
for work in works:
    try:
        with failing(MANNERS["full"], folder, 1) as struck:
            work()
    except Exception as error:
        print(type(error).__name__, struck.where)
    work()
"""
    library = tmp_path / "faults.so"
    source = ROOT / "benchmarks" / "full_disk_parts" / "faults.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    folder = tmp_path / "here"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"LD_PRELOAD": str(library), "PFM_FAULTS": str(library), "FOLDER": str(folder), "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.splitlines() == [
        "OSError make /file",
        "OSError mkdir /folder",
        "OperationalError make /a.sqlite",
        "OperationalError make /b.sqlite",
    ]


def test_every_kind_of_work_says_when_it_is_done() -> None:
    assert len(KINDS) == 25
    assert all(callable(kind.work) and callable(kind.done) for kind in KINDS.values())
