"""Makes docs/evidence/REPORT.md: what two sources, each part of the network and each control are worth, on phantoms.

    python benchmarks/evidence.py --work DIR --start DIR [--only ARM ...]
    python benchmarks/evidence.py --report-only

`--start` is what `make_trunk.py` wrote; all arms take its trunks, but for those that are there to do without. Each arm
is trained once, kept in DIR, and goes on behind its last whole epoch after a kill. What it says about the test phantoms
is written to docs/evidence/results, from which `--report-only` makes the report again without any training; an arm
whose answers are there is not trained again, so that another machine can go on with those that are missing.
All arms share training cases, picture size, epochs and the test phantoms of seed 4112, which nothing else uses.
Prints pairs a second and what the whole costs before it begins. About two hours on two idle cores without a GPU, as far
as can be told from the speeds that it prints; half an hour of them is drawing and preparing.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

from benchmarks.evidence_parts import cases  # noqa: E402 - the thread settings come before numpy
from benchmarks.evidence_parts.arms import ARMS, MAIN, Arm, Plan, trained_pairs  # noqa: E402
from benchmarks.evidence_parts.page import write_report  # noqa: E402
from benchmarks.evidence_parts.results import Result, read_results, write_result  # noqa: E402
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.jobs import Context  # noqa: E402
from pfm_desktop.pfm.registry import read_info  # noqa: E402
from pfm_desktop.pfm.training.data import PreparedSet  # noqa: E402
from pfm_desktop.support.errors import BadInputError, UserError  # noqa: E402

OUT = Path(__file__).resolve().parents[1] / "docs" / "evidence"
VARIED = "both-seed1"  # the arm that is asked about shifted pictures and second shots as well


def main(arguments: Sequence[str] | None = None) -> int:
    """See the module; 2 where the input cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, help="folder for phantoms, prepared pictures and networks; kept")
    parser.add_argument("--start", type=Path, help="model folder whose trunks are taken, made by make_trunk.py")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for the report and the answers")
    parser.add_argument("--only", nargs="+", default=[], metavar="ARM", help="such as both-seed1")
    parser.add_argument("--report-only", action="store_true", help="make the report from the answers that are kept")
    asked = parser.parse_args(arguments)
    try:
        if not asked.report_only:
            if asked.work is None:
                raise BadInputError("no folder to work in is named", remedy="add --work DIR, or --report-only")
            if asked.start is None:
                raise BadInputError("no start is named", remedy="add --start DIR, made by make_trunk.py")
            plan = Plan(start=read_info(asked.start).sha256)
            with Bar() as bar:
                run(bar, asked.work, asked.out, plan, chosen(asked.only), start=asked.start)
        print(f"written: {write_report(asked.out, read_results(asked.out / 'results'))}")
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def chosen(keys: Sequence[str]) -> list[Arm]:
    """The arms of these names, or all, in the order of value."""
    known = {arm.key for arm in ARMS}
    strange = sorted(set(keys) - known)
    if strange:
        raise BadInputError(f"there is no arm {strange[0]}", remedy=f"choose from {', '.join(sorted(known))}")
    return [arm for arm in ARMS if not keys or arm.key in keys]


def run(
    ctx: Context,
    work: Path,
    out: Path,
    plan: Plan,
    arms: Sequence[Arm],
    tell: Callable[[str], None] = print,
    *,
    start: Path | None = None,
) -> None:
    """Train and ask the arms that are not done; the report is written anew behind each."""
    from benchmarks.evidence_parts.runs import run_arm, speed

    done = read_results(out / "results")
    missing = [arm for arm in arms if arm.key not in done]
    if not missing:
        return
    refuse_other(done, plan)
    begun = time.monotonic()
    training = cases.training_set(ctx, work, plan)
    tell(f"{len(training)} training phantoms are prepared ({time.monotonic() - begun:.0f} s)")
    rates = {len(arm.sources): speed(training, arm, plan) for arm in ARMS if arm.group == MAIN and arm.seed == 1}
    tell(cost_line(missing, plan, rates))
    fresh = cases.fresh_set(ctx, work, plan)
    refuse_other(done, plan, fresh)
    for arm in missing:
        begun = time.monotonic()
        result = run_arm(ctx, arm, plan, work, training, {"": fresh, **varied(ctx, work, plan, arm)}, start)
        write_result(out / "results", result)
        write_report(out, read_results(out / "results"))
        tell(
            f"{arm.key}: best epoch {result.facts['best_epoch']} of {result.facts['epochs']}, "
            f"{result.facts['seconds']:.0f} s at {result.facts['pairs_per_second']:.0f} pairs/s; "
            f"{time.monotonic() - begun:.0f} s with asking"
        )


def refuse_other(done: Mapping[str, Result], plan: Plan, fresh: PreparedSet | None = None) -> None:
    """Before the hours of training: raises `BadInputError` where the arms that are done were made otherwise."""
    for key, result in done.items():
        if result.facts["plan"] != asdict(plan):
            what = "under another plan"
        elif fresh is not None and list(result.answers.cases) != fresh.cases:
            what = "with other test cases (quality check, registration or generator have changed since)"
        else:
            continue
        raise BadInputError(
            f"{key} was made {what}",
            safe="nothing was trained",
            remedy="arms are only compared alike: move the files in docs/evidence/results away and train all anew",
        )


def varied(ctx: Context, work: Path, plan: Plan, arm: Arm) -> dict[str, PreparedSet]:
    """The sets that the main arm with both sources is asked about besides."""
    if arm.key != VARIED:
        return {}
    shifted = {f"shift{shift}": cases.fresh_set(ctx, work, plan, shift=shift) for shift in cases.SHIFTS}
    return {**shifted, "second": cases.second_shots(ctx, work, plan)}


def cost_line(arms: Sequence[Arm], plan: Plan, rates: dict[int, float]) -> str:
    """What is ahead, from pairs a second by number of sources; for one source a picture counts as a pair."""
    each = {arm.key: trained_pairs(arm, plan) * 2 / len(arm.sources) / rates[len(arm.sources)] for arm in arms}
    return (
        f"measured {rates[2]:.0f} pairs/s with both sources and {rates[1]:.0f} with one; "
        f"{len(arms)} arms of {plan.epochs} epochs are missing: about {sum(each.values()) / 60:.0f} min of training, "
        f"{max(each.values()) / 60:.1f} min for the longest"
    )


if __name__ == "__main__":
    sys.exit(main())
