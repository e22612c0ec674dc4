"""The generator's numbers are frozen, keyed and internally sound."""

import dataclasses
import json

import pytest

from pfm_desktop.imaging.phantom.parameters import (
    GENERATOR_VERSION,
    LESIONS,
    PARAMETERS,
    PARAMETERS_SHA256,
    fingerprint,
)


def test_the_frozen_parameters_have_not_been_touched() -> None:
    # A change here makes every phantom figure and model made before it void: see docs/adr/0004
    assert PARAMETERS_SHA256 == "a1a3d3a8d9f89fe86b01074e313da9b08a66aa3240bc8249364832784affde50"


def test_the_hash_follows_every_number_and_the_version() -> None:
    other = dataclasses.replace(PARAMETERS, motion=dataclasses.replace(PARAMETERS.motion, jump=0.13))
    row = dataclasses.replace(LESIONS["cin3"], edge_mm=0.10)
    lesion = dataclasses.replace(PARAMETERS, lesions={**LESIONS, "cin3": row})
    hashes = {
        PARAMETERS_SHA256,
        fingerprint(other, GENERATOR_VERSION),
        fingerprint(lesion, GENERATOR_VERSION),
        fingerprint(PARAMETERS, GENERATOR_VERSION + "x"),
    }
    assert len(hashes) == 4


def test_the_hash_does_not_depend_on_the_order_of_the_lesion_table() -> None:
    turned = dataclasses.replace(PARAMETERS, lesions=dict(reversed(LESIONS.items())))
    assert fingerprint(turned, GENERATOR_VERSION) == PARAMETERS_SHA256


def test_the_table_cannot_be_changed_at_run_time() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        PARAMETERS.motion.jump = 0.5  # type: ignore[misc]  # the point of the test


def test_the_table_is_plain_json() -> None:
    assert json.loads(json.dumps(dataclasses.asdict(PARAMETERS)))["motion"]["jump"] == 0.12


@pytest.mark.parametrize(
    ("kind", "whitening", "collagen", "blood", "size", "edge", "invisible"),
    [
        ("metaplasia", (0.155, 0.50), (0.93, 0.18), (1.15, 0.25), (6.5, 0.40), 0.22, 0.15),
        ("inflammation", (0.05, 0.60), (0.78, 0.25), (1.80, 0.35), (12.0, 0.40), 1.2, 0.40),
        ("cin1", (0.21, 0.50), (0.88, 0.24), (1.20, 0.35), (8.0, 0.45), 0.20, 0.10),
        ("cin2", (0.29, 0.50), (0.77, 0.26), (1.45, 0.40), (10.0, 0.45), 0.13, 0.05),
        ("cin3", (0.38, 0.45), (0.68, 0.28), (1.65, 0.40), (13.0, 0.40), 0.09, 0.04),
        ("cancer", (0.45, 0.50), (0.50, 0.30), (2.30, 0.40), (18.0, 0.30), 0.12, 0.05),
    ],
)
def test_the_lesion_table_is_the_designs(
    kind: str,
    whitening: tuple[float, float],
    collagen: tuple[float, float],
    blood: tuple[float, float],
    size: tuple[float, float],
    edge: float,
    invisible: float,
) -> None:
    row = LESIONS[kind]
    assert (row.whitening, row.collagen, row.blood, row.size_mm) == (whitening, collagen, blood, size)
    assert (row.edge_mm, row.invisible) == (edge, invisible)


def test_camera_rows_add_up_to_one_so_that_white_stays_white() -> None:
    for row in PARAMETERS.tissue.to_rgb:
        assert sum(row) == pytest.approx(1.0)
    assert sum(PARAMETERS.tissue.emission) == pytest.approx(1.0)
    assert sum(PARAMETERS.women.zone_types) == pytest.approx(1.0)
    assert sum(PARAMETERS.women.zone_types_after) == pytest.approx(1.0)
