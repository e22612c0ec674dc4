"""`pfm analyze`: one case, from picture files to an answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pfm_desktop.cli.progress import Bar, say
from pfm_desktop.domain.source import Source

REFUSED = 3


def analyze(
    white: Annotated[Path | None, typer.Option(help="White-light picture.", readable=False)] = None,
    fluorescence: Annotated[Path | None, typer.Option(help="Fluorescence picture.", readable=False)] = None,
    green: Annotated[
        Path | None, typer.Option(help="Picture through a green filter, beside white light.", readable=False)
    ] = None,
    iodine: Annotated[
        Path | None, typer.Option(help="Picture after Lugol's iodine, beside white light.", readable=False)
    ] = None,
    model: Annotated[str, typer.Option(help="Name or folder of a model; see `pfm models list`.")] = "pfm-demo",
    json_: Annotated[Path | None, typer.Option("--json", help="Write the answer as JSON.", readable=False)] = None,
    overlay: Annotated[
        Path | None, typer.Option(help="Picture to write (.png, .jpg, .tif): model attention over it.", readable=False)
    ] = None,
    report: Annotated[Path | None, typer.Option(help="PDF to write.", readable=False)] = None,
) -> int:
    """Grade a case: a white-light picture, a fluorescence picture, or both. Investigational - not for diagnosis.

    In place of fluorescence, a model may read a picture through a green filter or after Lugol's iodine.
    """
    from pfm_desktop.services.case_files import Outputs, analyze_files, said_lines
    from pfm_desktop.services.inference import request_of

    seconds = {Source.FLUORESCENCE: fluorescence, Source.GREEN: green, Source.IODINE: iodine}
    outputs = Outputs(json_, overlay, report)
    with Bar() as bar:
        result = analyze_files(bar, request_of(white, seconds, model), outputs)
    for line in said_lines(result):
        say(line)
    for path in outputs.paths:
        say(f"Written: {path}")
    return REFUSED if result.analysis.refused else 0
