"""What the program says about itself."""

from __future__ import annotations

from pfm_desktop import __version__
from pfm_desktop.domain.prediction import BANNER, DEMONSTRATION
from pfm_desktop.support.language import tr

_INTENDED_USE = tr(
    "Intended use: research, training and demonstration of reading paired white-light and fluorescence pictures of the "
    "cervix. It is not a medical device. Its answers must not be used for diagnosis, for triage, or to put off a "
    "biopsy or a treatment; the clinician's own reading decides."
)
_NETWORK = tr(
    "The network follows a preprint (PConvFusionModel) that was not peer reviewed. The shipped model is a {model}: its "
    "figures on phantoms say nothing about its performance on women.",
    model=DEMONSTRATION,
)
_LOCAL = tr("Everything stays on this computer: no picture, name or number is sent anywhere.")
_LICENCE = tr("Licence: Apache 2.0; see LICENSE. Other people's parts are listed in the README.")
_NAME = f"pfm_desktop {__version__}\n{BANNER}."
ABOUT = "\n\n".join((_NAME, _INTENDED_USE, _NETWORK, _LOCAL, _LICENCE))
