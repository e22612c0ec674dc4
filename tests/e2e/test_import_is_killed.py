"""The promise: an import that was killed left whole visits, and the same import again adds only what is missing."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases
from pfm_desktop.services.housekeeping import verify
from pfm_desktop.services.importing.making import make_plan
from pfm_desktop.services.importing.run import import_plan
from pfm_desktop.storage.library import Library

pytestmark = pytest.mark.slow  # starts a program for each kill

WORKER = """
import sys
from pathlib import Path
from pfm_desktop.jobs import SilentContext
from pfm_desktop.jobs.context import CallbackContext
from pfm_desktop.services.importing.making import make_plan
from pfm_desktop.services.importing.run import import_plan
from pfm_desktop.storage.library import Library

def step(done, total, text):
    print(done, flush=True)
    sys.stdin.readline()

with Library.open(Path(sys.argv[1])) as lib:
    import_plan(CallbackContext(step, lambda: False), lib, make_plan(SilentContext(), [sys.argv[2]]))
"""
WOMEN, EACH = 3, 2


def put(path: Path, shade: int, minute: int) -> None:
    exif = Image.Exif()
    exif[0x8769] = {0x9003: f"2026:03:14 12:{minute:02}:00"}
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    Image.fromarray(np.full((48, 64, 3), (180, 90 + shade, 90), np.uint8)).save(stream, "JPEG", exif=exif)
    path.write_bytes(stream.getvalue())


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 6])
def test_killed_at_any_picture_it_goes_on_from_whole_visits(tmp_path: Path, steps: int) -> None:
    for woman in range(WOMEN):
        for number in range(EACH):
            put(tmp_path / "in" / f"K-1{woman}" / f"acid_{number}.jpg", woman * EACH + number, number)
    Library.create(tmp_path / "library").close()
    command = [sys.executable, "-c", WORKER, str(tmp_path / "library"), str(tmp_path / "in")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        for _ in range(steps):
            assert worker.stdout.readline()
            worker.stdin.write("\n")
            worker.stdin.flush()
        worker.stdout.readline()  # the next step has begun and waits
        worker.kill()
    with Library.open(tmp_path / "library") as lib:
        counts = [row.pictures for row in cases.today(lib)]
        assert counts == [EACH] * (steps // EACH)
        assert verify(SilentContext(), lib).clean
        import_plan(SilentContext(), lib, make_plan(SilentContext(), [tmp_path / "in"]))
        assert [row.pictures for row in cases.today(lib)] == [EACH] * WOMEN
        assert len(cases.find_patients(lib)) == WOMEN
