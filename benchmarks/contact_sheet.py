"""Draw contact sheets of phantoms by grade, beside AnnoCerv photographs where they are, and print the check readings.

Run: `python -m benchmarks.contact_sheet --out DIR [--seed S] [--columns N] [--size PX] [--count N] [--json OUT]`
Writes `phantoms_<grade>.jpg`, `phantoms_defects.jpg`, `photographs.jpg` to DIR, nothing else.
Photographs: AnnoCerv (iclx), CC BY 4.0.
"""

import argparse
import csv
import json
import time
from pathlib import Path

import cv2
import numpy as np

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.imaging.phantom import PARAMETERS_SHA256, Defect, Phantom, render

ANNOCERV = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "annocerv"
TARGETS = {
    "centre_rgb": "236 139 149",
    "lightness_sd": "14",
    "saturated_share": "0.08 (0.03-0.16)",
    "laplacian_variance_800": "180 (77-479)",
    "whitening_low": "9.6 +- 4.2",
    "whitening_high": "11.3 +- 6.8",
}


def lightness(rgb: np.ndarray) -> np.ndarray:
    """CIE L* (H, W) of an 8-bit RGB picture."""
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[..., 0]


def picture_readings(rgb: np.ndarray) -> dict[str, float]:
    """The readings of one white-light picture of any size."""
    height, width = rgb.shape[:2]
    centre = rgb[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3].reshape(-1, 3)
    how = cv2.INTER_AREA if width >= 800 else cv2.INTER_CUBIC
    at_800 = cv2.resize(rgb, (800, round(800 * height / width)), interpolation=how)
    grey = cv2.cvtColor(at_800, cv2.COLOR_RGB2GRAY).astype(np.float32)
    red, green, blue = np.median(centre, axis=0)
    return {
        "centre_red": float(red),
        "centre_green": float(green),
        "centre_blue": float(blue),
        "lightness_sd": float(lightness(rgb).std()),
        "saturated_share": float((rgb.max(axis=2) >= 250).mean()),
        "laplacian_variance_800": float(cv2.Laplacian(grey, cv2.CV_32F).var()),
    }


def lesion_readings(phantom: Phantom, picture: np.ndarray) -> dict[str, np.ndarray] | None:
    """Median colour inside the lesion and in a ring of about 3 mm around it, away from glints.

    None for too small a lesion.
    """
    clear = phantom.cervix & ~cv2.dilate(phantom.glare.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    reach = max(3, round(3.0 / float(phantom.drawn["mm_per_px"])))  # type: ignore[arg-type]  # a plain float in the record
    wide = cv2.dilate(phantom.lesion.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)).astype(bool)
    near = cv2.dilate(phantom.lesion.astype(np.uint8), np.ones((7, 7), np.uint8)).astype(bool)
    inner, outer = phantom.lesion & clear, wide & ~near & clear
    if inner.sum() < 200 or outer.sum() < 200:
        return None
    return {"inside": np.median(picture[inner], axis=0), "outside": np.median(picture[outer], axis=0)}


def as_lightness(colour: np.ndarray) -> float:
    """L* of one colour."""
    return float(lightness(np.round(colour).astype(np.uint8).reshape(1, 1, 3))[0, 0])


def summarise(rows: list[dict[str, float]]) -> dict[str, list[float]]:
    """10th, 50th, 90th percentile of each reading."""
    return {key: [round(float(np.percentile([r[key] for r in rows], q)), 3) for q in (10, 50, 90)] for key in rows[0]}


def glow_ratio(phantom: Phantom, twin: Phantom) -> float:
    """Linear green light of the lesion over the same pixels of the twin drawn without it."""
    light = []
    for one in (phantom, twin):
        warped = cv2.remap(one.fluorescence, phantom.white_to_fluorescence, None, cv2.INTER_LINEAR)
        light.append(float(np.mean((warped[phantom.lesion & phantom.overlap][:, 1] / 255.0) ** 2.2)))
    return light[0] / max(light[1], 1e-6)


def measure_lesions(phantoms: list[Phantom], size: int) -> dict[str, object]:
    """Whitening and fluorescence of the lesions that are not drawn invisible."""
    whitening, glow, inside, outside = [], [], [], []
    for phantom in phantoms:
        white = lesion_readings(phantom, phantom.white)
        if white is None:
            continue
        seed = int(phantom.drawn["seed"])  # type: ignore[call-overload]  # a plain int in the record
        glow.append(glow_ratio(phantom, render(seed, grade=Grade.NORMAL, size=size)))
        if phantom.drawn["lesion"]["invisible"]:  # type: ignore[index]  # a mapping where there is a lesion
            continue
        whitening.append(as_lightness(white["inside"]) - as_lightness(white["outside"]))
        inside.append(white["inside"])
        outside.append(white["outside"])
    return {
        "count": len(whitening),
        "whitening": [round(float(np.mean(whitening)), 2), round(float(np.std(whitening)), 2)],
        "inside_rgb": np.median(inside, axis=0).round().tolist(),
        "outside_rgb": np.median(outside, axis=0).round().tolist(),
        "fluorescence_over_own_normal": [round(float(np.percentile(glow, q)), 3) for q in (10, 50, 90)],
    }


def measure(count: int, size: int, seed: int) -> dict[str, object]:
    """Readings over `count` phantoms of each grade."""
    rows: list[dict[str, float]] = []
    lesions: dict[str, object] = {}
    seconds = []
    for grade in GRADES:
        phantoms = []
        for i in range(count):
            start = time.perf_counter()
            phantoms.append(render(seed + i, grade=grade, size=size))
            seconds.append(time.perf_counter() - start)
        rows += [picture_readings(p.white) for p in phantoms]
        if grade is not Grade.NORMAL:
            lesions[str(grade)] = measure_lesions(phantoms, size)
    return {"pictures": summarise(rows), "lesions": lesions, "seconds_per_pair": round(float(np.median(seconds)), 4)}


def photograph(row: dict[str, str]) -> np.ndarray | None:
    """One AnnoCerv photograph at its own aspect, RGB; None when it cannot be read."""
    image = cv2.imread(str(ANNOCERV / "images" / row["file"]))
    if image is None:
        return None
    aspect = int(row["original_width"]) / int(row["original_height"])
    return cv2.resize(image, (round(384 * aspect), 384), interpolation=cv2.INTER_CUBIC)[..., ::-1]


def photographs() -> list[np.ndarray]:
    """One photograph a woman; empty without the folder."""
    index = ANNOCERV / "index.csv"
    if not index.is_file():
        return []
    with index.open(newline="", encoding="utf-8") as file:
        first = {row["case"]: row for row in csv.DictReader(file)}
    found = (photograph(row) for row in first.values())
    return [p for p in found if p is not None]


def write_sheet(path: Path, pictures: list[np.ndarray], columns: int, cell: tuple[int, int]) -> None:
    """Pictures in rows of `columns`, each fitted into `cell` (width, height)."""
    tiles = []
    for picture in pictures:
        scale = min(cell[0] / picture.shape[1], cell[1] / picture.shape[0])
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        tile = np.full((cell[1], cell[0], 3), 43, np.uint8)
        tile[: small.shape[0], : small.shape[1]] = small
        tiles.append(tile)
    while len(tiles) % columns:
        tiles.append(np.full((cell[1], cell[0], 3), 43, np.uint8))
    rows = [np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)]
    cv2.imwrite(str(path), np.vstack(rows)[..., ::-1])


def write_sheets(out: Path, *, seed: int, columns: int, size: int) -> None:
    """Two rows of pairs for each grade, one of the defects, one of photographs."""
    out.mkdir(parents=True, exist_ok=True)
    real = photographs()
    for grade in GRADES:
        pictures: list[np.ndarray] = []
        for half in range(2):
            row = [render(seed + half * columns + i, grade=Grade(grade), size=size) for i in range(columns)]
            pictures += [p.white for p in row] + [p.fluorescence for p in row]
        at = GRADES.index(grade) * columns
        write_sheet(out / f"phantoms_{grade}.jpg", pictures + real[at : at + columns], columns, (size, size))
    faulty = [render(seed, grade=Grade.HIGH, size=size, defects=frozenset({d})) for d in Defect]
    write_sheet(
        out / "phantoms_defects.jpg",
        [p.white for p in faulty] + [p.fluorescence for p in faulty],
        len(faulty),
        (256, 256),
    )
    if real:
        write_sheet(out / "photographs.jpg", real[:24], 6, (384, 256))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=3_000)
    parser.add_argument("--columns", type=int, default=5)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--count", type=int, default=40, help="phantoms of each grade that are measured")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    write_sheets(options.out, seed=options.seed, columns=options.columns, size=options.size)
    result = measure(options.count, options.size, options.seed)
    print(f"phantom parameters {PARAMETERS_SHA256}")
    print(f"targets, read on 75 photographs: {json.dumps(TARGETS)}")
    print(f"on phantoms, {4 * options.count} pairs at {options.size} px, 10th 50th 90th percentile:")
    for key, value in result["pictures"].items():  # type: ignore[attr-defined]  # a mapping, see measure
        print(f"  {key}: {value}")
    for grade, value in result["lesions"].items():  # type: ignore[attr-defined]  # a mapping, see measure
        print(f"  lesion, {grade}, on phantoms: {value}")
    print(f"  seconds a pair on phantoms at {options.size} px, one core: {result['seconds_per_pair']}")
    real = [picture_readings(p) for p in photographs()]
    if real:
        print(f"AnnoCerv (iclx) photographs, {len(real)}: {json.dumps(summarise(real))}")
    if options.json:
        options.json.write_text(
            json.dumps({"parameters_sha256": PARAMETERS_SHA256, **result}, indent=1), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
