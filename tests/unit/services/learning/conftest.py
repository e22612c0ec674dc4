"""A library of women with blobs for pictures, graded by histology or reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.labelling import Turn
from pfm_desktop.domain.source import Stage
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases, labelling, pairing
from pfm_desktop.services.labelling import Wish
from pfm_desktop.storage.library import Library
from pfm_desktop.support.paths import user_models_dir

CTX = SilentContext()
MOMENT = datetime(2026, 3, 14, 8, 0, tzinfo=UTC)


def blob(rank: int, seed: int, *, size: int = 64) -> NDArray[np.uint8]:
    """A picture with texture of its own, whiter with the grade."""
    random = np.random.default_rng(seed)
    coarse = random.normal(0, 1, (size // 4, size // 4, 1)).repeat(4, 0).repeat(4, 1)
    y, x = np.mgrid[:size, :size]
    spot = np.exp(-((y - size / 2) ** 2 + (x - size / 2) ** 2) / (2 * (0.18 * size) ** 2))[..., None]
    picture = np.array([180, 110, 110]) + 14 * coarse + spot * rank * np.array([15, 40, 40])
    return np.clip(picture + random.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)


@dataclass
class Ward:
    """A library and what was put into it: ids by number of the woman."""

    lib: Library
    women: list[str] = field(default_factory=list)
    visits: list[str] = field(default_factory=list)
    pairs: list[str] = field(default_factory=list)

    def add(
        self,
        grade: Grade | None,
        *,
        white: NDArray[np.uint8] | None = None,
        fluorescence: bool = True,
        woman: str = "",
        device: str = "C1",
        histology: bool = True,
    ) -> int:
        """A woman (or another visit of one) with a pair; its number. `histology`: the grade is entered as such."""
        number, rank = len(self.pairs), grade.rank if grade is not None else 0
        woman = woman or cases.add_patient(self.lib, identifier=f"K-{number}", family_name="Wunderlich").id
        visit = cases.add_visit(self.lib, woman, started_at=MOMENT + timedelta(days=number)).id
        pixels = white if white is not None else blob(rank, number)
        first = cases.add_picture(self.lib, visit, encode_png(pixels), stage=Stage.ACETIC_ACID, device=device).id
        second = None
        if fluorescence:
            glow = np.clip(pixels * np.array([0.2, 0.9, 0.5]), 0, 255).astype(np.uint8)
            second = cases.add_picture(
                self.lib, visit, encode_png(glow), stage=Stage.FLUORESCENCE_AFTER_ACID, device=device
            ).id
        pair = pairing.make_pair(self.lib, visit, first, second).key
        if grade is not None and histology:
            labelling.set_histology(self.lib, visit, grade)
        for known, new in ((self.women, woman), (self.visits, visit), (self.pairs, pair)):
            known.append(new)
        return number

    def read(self, grades: Sequence[Grade | None], *, reader: str = "Anna", pairs: Sequence[str] = ()) -> str:
        """A task of the pairs (all), graded in turn; its id."""
        pairs = pairs or self.pairs
        task = labelling.make_task(self.lib, Wish(f"by {reader}", repeats=0.0), pairs)
        self.again(task.id, grades, reader=reader, pairs=pairs)
        return task.id

    def again(self, task_id: str, grades: Sequence[Grade | None], *, reader: str, pairs: Sequence[str] = ()) -> None:
        """Another reader in the same task."""
        from pfm_desktop.domain.labelling import Reason

        before, self.lib.who = self.lib.who, reader
        for pair, grade in zip(pairs or self.pairs, grades, strict=True):
            reason = Reason.BLURRED if grade is None else None
            labelling.give(self.lib, task_id, Turn(pair), grade=grade, reason=reason)
        self.lib.who = before


@pytest.fixture
def ward(lib: Library) -> Ward:
    """Nobody yet."""
    return Ward(lib)


@pytest.fixture
def full_ward(ward: Ward) -> Ward:
    """24 women, six of each grade."""
    for number in range(24):
        ward.add(GRADES[number % 4])
    return ward


@pytest.fixture
def parent(make_model: Callable[..., Path]) -> Path:
    """A model of this user called parent."""
    user_models_dir().mkdir(parents=True, exist_ok=True)
    return make_model(user_models_dir() / "parent", name="parent")


@pytest.fixture
def no_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blobs are let through as they are."""

    def examined(_ctx: object, white: Any, fluorescence: Any, **_: object) -> SimpleNamespace:
        both = white is not None and fluorescence is not None
        overlap = np.ones(white.shape[:2], np.bool_) if both else None
        return SimpleNamespace(refused=None, registration=1 if both else None, warped=fluorescence, overlap=overlap)

    monkeypatch.setattr("pfm_desktop.services.inference.examine", examined)


def fill(lib: Library) -> tuple[list[str], list[str], list[str]]:
    """24 women, six of each grade."""
    made = Ward(lib)
    for number in range(24):
        made.add(GRADES[number % 4])
    return made.women, made.visits, made.pairs


@pytest.fixture
def ready_ward(tmp_path: Path, library_from: Callable[..., Any], parent: Path, no_gate: None) -> Iterator[Ward]:
    """A library of 24 women, and a model to start from."""
    women, visits, pairs = library_from(tmp_path / "ward", fill)
    with Library.open(tmp_path / "ward") as opened:
        yield Ward(opened, list(women), list(visits), list(pairs))
