"""Draws the pair, and makes a library in which it is a visit."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """`prepare WORK`."""
    from benchmarks.open_case import UHD, pair
    from pfm_desktop.domain.grade import Grade
    from pfm_desktop.domain.source import Stage
    from pfm_desktop.imaging.io import encode_jpeg
    from pfm_desktop.jobs import SilentContext
    from pfm_desktop.services import cases, models, pairing, review
    from pfm_desktop.storage.library import Library

    work = Path(sys.argv[1])
    (work / "home").mkdir()
    with Library.create(work / "library", demo=True) as library:
        patient = cases.add_patient(library, identifier="B-1", family_name="Benchmark")
        visit = cases.add_visit(library, patient.id)
        stages = (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID)
        for name, stage, picture in zip(("white", "fluorescence"), stages, pair(7, UHD), strict=True):
            data = encode_jpeg(picture, quality=95)
            (work / f"{name}.jpg").write_bytes(data)
            cases.add_picture(library, visit.id, data, stage=stage)
        pairing.ensure_pair(library, visit.id)
        review.set_impression(library, visit.id, Grade.HIGH)
    models.choose_backend(SilentContext(), "pfm-demo")
    print("{}")


if __name__ == "__main__":
    main()
