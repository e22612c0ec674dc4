"""The model in use: whether its weights are its own, and which backend answers for it. Neither is loaded."""

from __future__ import annotations

from pfm_desktop.pfm import backends, openvino_door
from pfm_desktop.services import models
from pfm_desktop.services.doctor.finding import Finding, Findings, warn, wrong
from pfm_desktop.services.doctor.program import AGAIN
from pfm_desktop.support.errors import ModelError, UserError
from pfm_desktop.support.paths import shipped_models_dir
from pfm_desktop.support.settings import load_settings


def backend() -> Findings:
    """Which one answers for the model in use, and why."""
    there = openvino_door.is_there()
    yield Finding("Backends", "torch, OpenVINO" if there else "torch")
    try:
        content = models.content_of(load_settings().model)
        asked = backends.asked()
    except UserError as error:
        kind = type(error).__name__
        yield wrong(
            "Model", f"the one in use cannot be read ({kind})", "open Models in the window and choose another one"
        )
        return
    phantoms = content.info.trained_on == "phantoms"
    yield Finding("Model", "the one in use can be read" + ("" if phantoms else ", a local one"))
    if asked:
        yield warn(
            "Answers", f"by {asked}, as the variable {backends.VARIABLE} says", "take it away unless it is meant"
        )
    elif backends.undecided(content):
        yield Finding("Answers", "by torch; the backends have not been compared on this computer yet")
    else:
        choice = backends.chosen(content)
        took = ", ".join(f"{name} {ms:.0f} ms" for name, ms in choice.milliseconds.items())
        yield Finding(
            "Answers", f"by {choice.backend}" + (f", the fastest that says what torch says ({took})" if took else "")
        )


def weights() -> Findings:
    """By content: what was altered may have its size. Nothing where the model cannot be read: `backend` says that."""
    name = load_settings().model
    try:
        models.content_of(name)
        folder = models.folder_of(name)
    except UserError:
        return
    try:
        models.verify(name)
    except ModelError:
        own = "remove that model and import it again, or choose another one in Models"
        yield wrong(
            "Weights",
            "not those that the model in use promises, which refuses to answer",
            AGAIN if folder.parent == shipped_models_dir() else own,
        )
    else:
        yield Finding("Weights", "those that the model in use promises")
