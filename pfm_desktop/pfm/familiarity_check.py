"""Asks of each picture of a case whether it is unlike anything that a model learned from, whichever backend answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pfm_desktop.domain.prediction import Familiarity
from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.familiarity import familiarity, from_table, pooled
from pfm_desktop.pfm.feature_cache import FeatureCache
from pfm_desktop.pfm.first_stage import Singles, first_stages
from pfm_desktop.pfm.model_file import WEIGHTS, ModelFile

Told = dict[Source, Familiarity]


class FamiliarityCheck:
    """Of one verified model; it says nothing of a source that the model keeps no measure of."""

    def __init__(self, folder: Path, content: ModelFile, features: FeatureCache) -> None:
        """Raises `ModelError`."""
        self._known = from_table(content.familiarity)
        names = [str(source) for source in content.network.sources if str(source) in self._known]
        self._stages = first_stages(folder / WEIGHTS, names, content.network.variant) if names else {}
        self._features, self._sha256 = features, content.sha256

    def of(
        self,
        pictures: Mapping[str, Singles],
        digests: Mapping[str, str],
        coverage: Mapping[str, Singles],
        used: Sequence[str],
    ) -> Told:
        """Of the sources `used`: prepared pictures 1 x 3 x S x S, their digests, the share seen of each S/4 x S/4 cell.

        Raises `ModelError` for features that are no numbers.
        """
        asked = [name for name in used if name in self._stages]
        features = {name: pooled(self._map(name, pictures[name][0], digests[name]), coverage[name]) for name in asked}
        found = familiarity(features, self._known)
        return {Source(name): found[name] for name in asked}

    def _map(self, name: str, picture: Singles, digest: str) -> Singles:
        key = self._sha256, "first stage", name  # what stands there is the name of a backend for other maps
        return self._features.get(key, digest, lambda: (self._stages[name].map(picture),))[0]
