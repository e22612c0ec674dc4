"""Tiny prepared sets: blobs whose colour tells the grade."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.pfm.training.data import PreparedSet, PreparedWriter

SIZE = 64


def blob_case(rank: int, random: np.random.Generator, *, size: int = SIZE) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """White, fluorescence size x size x 3 uint8, overlap: the higher the rank, the whiter and darker the blob."""
    y, x = np.mgrid[:size, :size]
    cy, cx = random.uniform(0.35, 0.65, 2) * size
    blob = np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * (0.18 * size) ** 2))[..., None]
    noise = random.normal(0, 6, (2, size, size, 3))
    white = np.array([190, 110, 110]) + blob * rank * np.array([15, 40, 40])
    level = random.uniform(0.4, 1.6)
    fluorescence = np.array([40, 120, 60]) * level * (1 - 0.28 * rank * blob)
    pictures = [np.clip(p + n, 0, 255).astype(np.uint8) for p, n in zip((white, fluorescence), noise, strict=True)]
    overlap = np.ones((size, size), np.bool_)
    overlap[:, : size // 16] = False
    return pictures[0], pictures[1], overlap


def write_blobs(folder: Path, patients: int, *, size: int = SIZE, seed: int = 0) -> PreparedSet:
    """One case a patient, grades in turn; every ninth case has lost a source."""
    random = np.random.default_rng(seed)
    with PreparedWriter(folder, size) as writer:
        for number in range(patients):
            grade = GRADES[number % 4]
            white, fluorescence, overlap = blob_case(grade.rank, random, size=size)
            writer.append(
                None if number % 18 == 9 else white,
                None if number % 18 == 0 else fluorescence,
                overlap,
                grade=grade,
                patient=f"p{number:03d}",
                case=f"c{number:03d}",
            )
    return PreparedSet(folder)


@pytest.fixture(scope="session")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> PreparedSet:
    """120 cases at 64 pixels."""
    return write_blobs(tmp_path_factory.mktemp("blobs"), 120)
