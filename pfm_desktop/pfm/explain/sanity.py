"""Networks that have forgotten part of what they learned, from the answer downwards.

Source: Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018, cascading randomisation. A heatmap that stays
the same when the weights are gone shows the picture, not the network.
"""

from __future__ import annotations

import copy
import re

import torch

from pfm_desktop.pfm.nets.model import PfmNet, new_net
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

CASCADE = {
    "heads": r"(classifier|alone)\.",
    "decision module": r"decision\.",
    "splice": r"splice\.",
    "attention of the sources": r"extract\.\w+\.enhance\.",
    "stage 4": r"extract\.\w+\.trunk\.stages\.[56]\.",
    "stage 3": r"extract\.\w+\.trunk\.stages\.[34]\.",
    "everything": r"",
}
"""What is forgotten, step by step: each step forgets what those before it did as well."""


def forgetful(net: PfmNet, step: str, *, seed: int = 0) -> PfmNet:
    """A copy in evaluation mode whose tensors down to `step` of `CASCADE` are those of an untrained network."""
    if step not in CASCADE:
        raise BadInputError(
            tr("there is no step {step!r}", step=step), remedy=tr("choose one of {steps}", steps=", ".join(CASCADE))
        )
    steps = list(CASCADE)
    pattern = re.compile("|".join(CASCADE[name] for name in steps[: steps.index(step) + 1]))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        fresh = new_net(net.spec).state_dict()
    out = copy.deepcopy(net)
    own = out.state_dict()
    out.load_state_dict({key: fresh[key] if pattern.match(key) else value for key, value in own.items()})
    return out.eval()
