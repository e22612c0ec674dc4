"""The report as a page of Markdown with plots; every figure stands beside the words "on phantoms"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.evidence_parts import sections, variations
from benchmarks.evidence_parts.arms import ARMS
from benchmarks.evidence_parts.results import Result
from pfm_desktop.support.files import write_text

REPORT = "REPORT.md"
WHY = (
    "A gain of two sources on phantoms is a property of the generator: its lesion table decides, before any network is "
    "trained, how often a lesion shows in white light, in fluorescence, or in both, so these figures show that the "
    "network uses what is there, and cannot show that a patient's pictures hold it."
)


def write_report(folder: Path, results: Mapping[str, Result]) -> Path:
    """Write `REPORT.md` and its plots into `folder` from what is done; what is missing is listed as missing."""
    text = "\n\n".join(part for part in parts(folder, results) if part) + "\n"
    write_text(folder / REPORT, text)
    return folder / REPORT


def parts(folder: Path, results: Mapping[str, Result]) -> Iterator[str]:
    """The page from top to bottom; draws the plots on the way."""
    yield "# What the evidence is, on phantoms"
    yield (
        "**Investigational - not for diagnosis.** Every figure on this page is on phantoms (computer-drawn "
        "pairs). None is "
        f"clinical performance. {WHY}"
    )
    if results:
        yield from sections.made(results)
        yield from sections.main(folder, results)
        yield from sections.gaps(folder, results)
        yield from variations.one_missing(results)
        yield from sections.controls(folder, results)
        yield from sections.ablations(folder, results)
        yield from variations.registration(folder, results)
        yield from variations.acid(folder, results)
        yield from variations.repeats(results)
        yield from sections.costs(results)
    yield from missing(results)
    yield (
        "## How to make it again\n\n```\n"
        "python benchmarks/evidence.py --work DIR --start DIR   # trains what is missing\n"
        "python benchmarks/evidence.py --report-only            # this page, from docs/evidence/results\n```"
    )


def missing(results: Mapping[str, Result]) -> Iterator[str]:
    """Arms of the plan that nothing is known of yet."""
    absent = [arm for arm in ARMS if arm.key not in results]
    yield "## What is missing"
    if not absent:
        yield "Nothing: all arms of the plan are done."
        return
    yield f"{len(absent)} of {len(ARMS)} arms are not trained yet. Nothing on this page speaks of them:"
    yield "\n".join(f"- {arm.words}, seed {arm.seed} (`{arm.key}`)" for arm in absent)
