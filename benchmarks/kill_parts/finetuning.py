"""Fine-tuning that is killed: on prepared phantoms, from the model that came with the program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from pfm_desktop.jobs import CallbackContext, SilentContext
from pfm_desktop.services import models
from pfm_desktop.services.phantoms import write_phantoms
from pfm_desktop.support.errors import UserError

PARENT, CASES, SIZE, EPOCHS = "pfm-demo", 64, 160, 2
OUT = "tuned"


def draw(folder: Path) -> None:
    """The cases, once."""
    if not (folder / "cases" / "manifest.csv").exists():
        write_phantoms(SilentContext(), folder / "cases", CASES, 5, None, SIZE)


def tune(folder: Path, accepted: Callable[..., None]) -> None:
    """Fine-tune into `folder / OUT`, and say each step."""
    from pfm_desktop.pfm.training.finetune import FinetuneConfig
    from pfm_desktop.services.finetune import finetune_manifest

    ctx = CallbackContext(lambda done, total, text: accepted(step=f"{text} {done:g} of {total:g}"), lambda: False)
    config = FinetuneConfig(name=OUT, epochs=EPOCHS, seed=0)
    finetune_manifest(
        ctx, folder / "cases" / "manifest.csv", PARENT, folder / OUT, config, prepared=folder / "prepared"
    )
    accepted(made=True)


def problems(folder: Path, *, made: bool) -> Iterator[str]:
    """What is wrong after a kill: the model before is whole, and the new one is whole or not there."""
    for place, must in ((Path(PARENT), True), (folder / OUT, made)):
        if place != Path(PARENT) and not (place / "model.toml").exists():
            if must:
                yield "the new model was said to be made and is not there"
            continue
        try:
            models.verify(str(place))
        except UserError as error:
            yield str(error)
