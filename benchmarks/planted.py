"""Whether anything of an encrypted library can be read on disk: names and pictures are planted and looked for.

    python benchmarks/planted.py [--names 50]

A home, a folder for temporary files and an encrypted library are made in one place. A worker
(`planted_parts/worker.py`) works there as a clinic would, in the real window, offscreen: it makes the library, adds
women with planted names and pictures, searches for them, opens visits, marks, reads and signs, mistypes passwords,
locks, makes a backup, fails unexpectedly with a name in its hands, and is killed in the middle of it. Then every byte
of every file there, and every file name, is searched for each name (as UTF-8, UTF-16 and in small letters) and for runs
of 24 bytes of each picture, encoded and decoded.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.planted_parts.worker import names, pictures  # noqa: E402 - found by the path above
from pfm_desktop.imaging.io import decode_picture  # noqa: E402

RUN, RUNS = 24, 40  # bytes, places in each picture


def needles(count: int) -> Iterator[tuple[str, bytes]]:
    """What is looked for, and what to call it."""
    for name in names(count):
        for form in {name, name.lower(), name.upper()}:
            yield name, form.encode()
            yield name, form.encode("utf-16-le")
    for number, data in enumerate(pictures()):
        pixels = decode_picture(data, "planted").pixels.tobytes()
        for what, bytes_ in ((f"picture {number}, encoded", data), (f"picture {number}, decoded", pixels)):
            step = max(1, (len(bytes_) - RUN) // RUNS)
            for at in range(step // 2, len(bytes_) - RUN, step):
                run = bytes_[at : at + RUN]
                if len(set(run)) > 8:  # an even area could stand anywhere
                    yield what, run


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", type=int, default=50)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        for folder in ("home", "tmp", "clinic"):
            (place / folder).mkdir()
        told = {"PFM_HOME": str(place / "home"), "TMPDIR": str(place / "tmp"), "HOME": str(place / "home")}
        environment = {**os.environ, **told, "QT_QPA_PLATFORM": "offscreen", "XDG_CACHE_HOME": str(place / "home")}
        command = [sys.executable, "-m", "benchmarks.planted_parts.worker", str(place / "clinic"), str(asked.names)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        print(f"the worker did: {', '.join(done.stdout.split())}; then it was killed ({done.returncode})")
        if "failed_unexpectedly" not in done.stdout or done.returncode != -9:
            raise SystemExit(f"the worker did not do all of its work:\n{done.stderr[-2000:]}")
        files = [path for path in place.rglob("*") if path.is_file()]
        contents = {path: path.read_bytes() + os.fsencode(path.relative_to(place)) for path in files}
        sought = list(needles(asked.names))
        found = [(what, path) for what, run in sought for path, data in contents.items() if run in data]
        size = sum(len(data) for data in contents.values())
        print(f"{len(files)} files, {size} bytes, searched for {asked.names} names and {len(pictures())} pictures "
              f"({len(sought)} byte runs): {len(found)} found")  # fmt: skip
        for what, path in sorted(set(found))[:10]:
            print(f"  {what} in {path.relative_to(place)}")
        told_by = [path for path, data in contents.items() if b"Planted failure" in data]
        print(f"files that tell of the planted failure: {', '.join(path.name for path in told_by) or 'none'}")


if __name__ == "__main__":
    main()
