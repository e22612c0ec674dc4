"""A visit that is examined live, and pictures as a camera gives them."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pfm_desktop.domain.capture import Acquisition, Light
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.imaging.pixels import pixels_sha256
from pfm_desktop.services import cases
from pfm_desktop.services.capture.records import Shot
from pfm_desktop.storage.library import Library

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def taken(shade: int, stage: Stage = Stage.ACETIC_ACID, *, seconds: float = 60.0, **how: Any) -> Shot:
    """A small picture of one colour, taken so many seconds after noon."""
    pixels = np.full((16, 24, 3), (shade, 80, 90), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    light = Light.FLUORESCENCE if stage.source is Source.FLUORESCENCE else Light.WHITE
    known = {"camera": "UVC 1 (A17)", "light": light, "exposure_ms": 12.5, "gain": 1.0, "filter": "LP 430", **how}
    return Shot(
        data=stream.getvalue(),
        width=24,
        height=16,
        pixels_sha256=pixels_sha256(pixels),
        stage=stage,
        taken_at=NOON + timedelta(seconds=seconds),
        seconds_since_acid=seconds,
        mm_per_px=0.05,
        acquisition=Acquisition(**known),
    )


def lit(shade: int = 200, **how: Any) -> Shot:
    """The fluorescence picture of a pair."""
    return taken(shade, Stage.FLUORESCENCE_AFTER_ACID, seconds=60.3, gap_s=0.3, excitation_nm=405.0, **how)


@pytest.fixture
def patient(lib: Library) -> str:
    return cases.add_patient(lib, identifier="K-17", family_name="Li").id


@pytest.fixture
def visit(lib: Library, patient: str) -> str:
    return cases.add_visit(lib, patient, started_at=NOON).id
