"""What reading does with damaged and hostile pictures: decoded, refused in words, or worse.

    python benchmarks/fuzz_pictures.py [--count 1500] [--seed 1] [--only HEIC] [--keep FOLDER]

Valid pictures of every format that is read (JPEG, PNG of 8 and 16 bits, TIFF, BMP, WebP, HEIC, AVI, Matroska) are
changed: bits flipped, cut short, numbers in the head and lengths of chunks replaced, files spliced, bytes repeated or
taken out. Each is read in a child process as the import reads it: small, whole, and its EXIF data. Counted are pictures
decoded, refused (`BadInputError`), other errors of Python, crashes of the child, and readings over 5 seconds. The peak
is that of the child's resident memory; before the first picture it has loaded numpy, OpenCV and Pillow.
`--only` takes the kinds whose name begins so. `--keep` keeps what was neither decoded nor refused.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import random
import resource
import select
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

HANG = 5.0  # seconds
SIDES = (96, 64)
HEIC = ROOT / "tests" / "unit" / "imaging" / "phone.heic"
EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x10000, 30_000, 65_500)


def seeds(folder: Path) -> Mapping[str, bytes]:
    """Valid files by what they are."""
    import cv2
    import numpy as np
    from PIL import Image

    width, height = SIDES
    random_pixels = np.random.default_rng(1).integers(0, 255, (height // 8, width // 8, 3), np.uint8)
    pixels = cv2.resize(random_pixels, SIDES, interpolation=cv2.INTER_CUBIC)
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6
    exif[0x8769] = {0x9003: "2026:03:14 10:15:22", 0x9011: "+01:00"}
    picture = Image.fromarray(pixels)

    def saved(kind: str, image: Image.Image = picture, **options: object) -> bytes:
        stream = io.BytesIO()
        image.save(stream, kind, **options)
        return stream.getvalue()

    deep = cv2.imencode(".png", pixels.astype(np.uint16) * 257)[1].tobytes()
    made = {
        "JPEG": saved("JPEG", exif=exif),
        "JPEG progressive": saved("JPEG", progressive=True),
        "PNG": saved("PNG", exif=exif),
        "PNG 16 bit": deep,
        "PNG palette": saved("PNG", picture.convert("P")),
        "JPEG CMYK": saved("JPEG", picture.convert("CMYK")),
        "PNG alpha": saved("PNG", picture.convert("RGBA")),
        "TIFF": saved("TIFF"),
        "TIFF JPEG": saved("TIFF", compression="jpeg"),
        "TIFF 16 bit": cv2.imencode(".tiff", pixels.astype(np.uint16) * 257)[1].tobytes(),
        "TIFF deflate": saved("TIFF", compression="tiff_adobe_deflate"),
        "TIFF LZW": saved("TIFF", compression="tiff_lzw"),
        "BMP": saved("BMP"),
        "WebP": saved("WEBP", exif=exif),
        "WebP lossless": saved("WEBP", lossless=True),
        "WebP alpha": saved("WEBP", picture.convert("RGBA")),
        "HEIC": HEIC.read_bytes(),
    }
    for coding, ending in (("MJPG", "avi"), ("FFV1", "mkv")):
        file = folder / f"seed.{ending}"
        writer = cv2.VideoWriter(str(file), cv2.VideoWriter_fourcc(*coding), 10, SIDES)
        for turn in range(12):
            writer.write(np.roll(pixels, turn, axis=1))
        writer.release()
        made[f"{ending.upper()} {coding}"] = file.read_bytes()
    return made


def mutated(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """One to three changes of a file; in every third file only a few bits."""
    if chance.random() < 1 / 3:
        return _few(data, other, chance)
    for _ in range(chance.randint(1, 3)):
        data = chance.choice(CHANGES)(data, other, chance) or data[:1]
    return data


def _bits(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(chance.choice((1, 4, 32))):
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def _few(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """About three bits in a thousand bytes, as a bad disk or cable leaves them."""
    out = bytearray(data)
    for _ in range(max(1, round(0.003 * len(out)))):
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def _cut(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(1, len(data) + 1)]


def _number(data: bytes, chance: random.Random, at: int) -> bytes:
    form = chance.choice((">H", "<H", ">I", "<I"))
    value = chance.choice(EDGES) & (0xFFFF if form.endswith("H") else 0xFFFFFFFF)
    return data[:at] + struct.pack(form, value) + data[at + struct.calcsize(form) :]


def _head(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    return _number(data, chance, chance.randrange(min(len(data), 128)))


def _anywhere(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    return _number(data, chance, chance.randrange(len(data)))


MARKS = (b"IHDR", b"IDAT", b"eXIf", b"VP8X", b"VP8L", b"VP8 ", b"\xff\xc0", b"\xff\xc4", b"\xff\xda", b"\xff\xe1",
         b"ispe", b"iloc", b"hvcC", b"mdat", b"meta", b"strf", b"avih", b"idx1", b"II*\0", b"BM")  # fmt: skip


def _chunk(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """A number beside the name of a chunk: its length, or what stands first in it."""
    found = [at for mark in MARKS if (at := data.find(mark)) >= 0]
    if not found:
        return _head(data, _other, chance)
    return _number(data, chance, max(0, chance.choice(found) + chance.choice((-4, 2, 4, 8, 12))))


def _splice(data: bytes, other: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(1, len(data) + 1)] + other[chance.randrange(len(other)) :]


def _repeat(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    start, length = chance.randrange(len(data)), chance.randint(1, 200)
    return data[:start] + data[start : start + length] * chance.choice((0, 2, 50)) + data[start + length :]


CHANGES: tuple[Callable[[bytes, bytes, random.Random], bytes], ...] = (
    _bits, _cut, _head, _anywhere, _chunk, _chunk, _splice, _repeat,
)  # fmt: skip


class Child:
    """A process that reads one file after another."""

    def __init__(self) -> None:
        command = [sys.executable, "-W", "ignore", __file__, "--child"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.start = self._answer(60.0) or {}

    def read(self, path: Path) -> dict[str, object]:
        """What became of a file: `outcome`, `said`, and `peak` in kB (not after a crash or hang)."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{path}\n".encode())
        self._process.stdin.flush()
        answer = self._answer(HANG)
        if answer is not None:
            return answer
        over = self._process.poll() is None
        self.end()
        return {"outcome": "hang" if over else "crash", "said": f"code {self._process.returncode}"}

    def _answer(self, seconds: float) -> dict[str, object] | None:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        line = self._process.stdout.readline() if ready else b""
        if ready and not line:
            self._process.wait(10)
        return dict(json.loads(line)) if line else None

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def child() -> None:
    """Read the files named on standard input."""
    from pfm_desktop.services.importing import reading
    from pfm_desktop.support.errors import UserError

    with contextlib.suppress(UserError):
        reading.try_out(HEIC.read_bytes())  # what is imported inside functions is loaded now
    _tell("ready", "")
    for line in sys.stdin:
        try:
            reading.try_out(Path(line.strip()).read_bytes(), Path(line.strip()))
        except UserError as error:
            _tell("refused", str(error))
        except Exception as error:  # noqa: BLE001 - what gets here is what is looked for
            _tell("error", f"{type(error).__name__}: {error}")
        else:
            _tell("decoded", "")


def _tell(outcome: str, said: str) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"outcome": outcome, "said": said[:300], "peak": peak}), flush=True)


def run(count: int, seed: int, keep: Path | None, only: str = "") -> int:
    """Mutate, read, count; 1 where something was neither decoded nor refused."""
    chance, found, peak, worst = random.Random(seed), Counter[tuple[str, str]](), 0, ""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        valid = seeds(folder)
        kinds, process = sorted(kind for kind in valid if kind.startswith(only)), Child()
        print(f"the child starts with {int(str(process.start['peak'])) // 1024} MB")
        for number in range(count):
            kind = kinds[number % len(kinds)]
            data = mutated(valid[kind], valid[chance.choice(kinds)], chance)
            file = folder / f"{number}.bin"
            file.write_bytes(data)
            answer = process.read(file)
            outcome = str(answer["outcome"])
            found[kind, outcome] += 1
            if int(str(answer.get("peak", 0))) > peak:
                peak, worst = int(str(answer["peak"])), f"{kind}, number {number}"
            if outcome not in ("decoded", "refused"):
                print(f"number {number} ({kind}, {len(data)} bytes): {outcome}: {answer['said']}", flush=True)
                if keep is not None:
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{number}.bin").write_bytes(data)
            if outcome in ("crash", "hang"):
                process = Child()
            file.unlink()
        process.end()
    return _report(found, kinds, peak, worst)


def _report(found: Counter[tuple[str, str]], kinds: list[str], peak: int, worst: str) -> int:
    outcomes = ("decoded", "refused", "error", "crash", "hang")
    print(f"{'':18}" + "".join(f"{outcome:>9}" for outcome in outcomes))
    for kind in kinds:
        print(f"{kind:18}" + "".join(f"{found[kind, outcome]:9}" for outcome in outcomes))
    totals = {outcome: sum(found[kind, outcome] for kind in kinds) for outcome in outcomes}
    print(f"{'all':18}" + "".join(f"{totals[outcome]:9}" for outcome in outcomes))
    print(f"peak memory of the child: {peak // 1024} MB ({worst})")
    return 1 if totals["error"] or totals["crash"] or totals["hang"] else 0


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child()
        return 0
    return run(asked.count, asked.seed, asked.keep, asked.only)


if __name__ == "__main__":
    sys.exit(main())
