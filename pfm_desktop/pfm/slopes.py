"""How much a number made of the answer rises with each value of the trunks' third stages, in numpy: no autograd.

Written out by hand for the parts of `nets/fusion.py` and `nets/heads.py`, and for those of `last_stage`; the same for
every backend. Tests hold it to torch's autograd.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pfm_desktop.pfm.backend import Singles
from pfm_desktop.pfm.last_stage import Back, LastStage, Ran, gelu_and_slope, one_after_the_other
from pfm_desktop.pfm.letterbox import Seen
from pfm_desktop.pfm.model_content import read_arrays
from pfm_desktop.pfm.nets.spec import RELU, NetSpec

_LAYER_NORM_LEAST = 1e-5  # added to variances by layer norm
_PARTS = ("splice.", "decision.", "classifier.")
_TAIL = ("trunk.stages.5.", "trunk.stages.6.", "enhance.")  # of each source's `extract`


class Slopes:
    """Of one network. May be asked from several threads."""

    def __init__(self, tensors: Mapping[str, Singles], spec: NetSpec) -> None:
        """`tensors` by their names in the whole network."""
        self._tensors, self._spec = tensors, spec
        self._names = tuple(str(source) for source in spec.sources)
        self._layers = spec.layers if spec.decision else 0
        self._stages = {}
        for name in self._names:
            prefix = f"extract.{name}."
            own = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
            self._stages[name] = LastStage(own, relu=RELU[spec.variant])

    def of(
        self,
        middles: Mapping[str, Singles],
        coverage: Mapping[str, Singles],
        tokens: Singles,
        visible: Singles,
        weights: Singles,
    ) -> dict[str, Singles]:
        """Slopes of `weights` (4) . log-probabilities by the third stage's maps, of the shape of each, by source.

        `middles`: the third stage's maps C x 2h x 2w, of the sources that are there only. Coverage 1 x h x w of every
        source; tokens L x D and visible L (0 or 1) as `Answers` has them of this combination of the sources. What is
        no number stays none.
        """
        with np.errstate(all="ignore"):
            answer, back = self._decision(tokens, visible > 0.5)
            slope = back(self._classifier(answer, weights))
            runs = {name: self._stages[name].run(middle) for name, middle in middles.items()}
            maps = {name: enhanced for name, (enhanced, _) in runs.items()}
            spliced = self._token_splice if self._spec.splice == "token" else self._channel_splice
            return {name: runs[name][1](part) for name, part in spliced(maps, coverage, slope).items()}

    def _token_splice(
        self, maps: Mapping[str, Singles], _coverage: Mapping[str, Singles], slope: Singles
    ) -> dict[str, Singles]:
        """Slope of the tokens L x D to that of each enhanced map C x h x w."""
        out = {}
        for name, enhanced in maps.items():
            cells = enhanced.shape[1] * enhanced.shape[2]
            first = 1 + len(self._names) + self._names.index(name) * cells
            norm, project = f"splice.norm.{name}", f"splice.project.{name}"
            inner = self._normed(self._projected(enhanced, project), norm)[1](slope[first : first + cells])
            out[name] = self._unprojected(inner, project, enhanced.shape)
        return out

    def _channel_splice(
        self, maps: Mapping[str, Singles], coverage: Mapping[str, Singles], slope: Singles
    ) -> dict[str, Singles]:
        """Slope of the tokens L x D to that of each enhanced map C x h x w."""
        shape = next(iter(maps.values())).shape
        shares = {name: coverage[name] if name in maps else np.zeros_like(coverage[name]) for name in self._names}
        parts = []
        for name in self._names:
            absent = self._tensors[f"splice.absent.{name}"][:, None, None] * (1 - shares[name])
            parts.append(maps[name] * shares[name] + absent if name in maps else absent)
        whole = np.concatenate(parts)
        inner = self._normed(self._projected(whole, "splice.project"), "splice.norm")[1](slope[1:])
        back = self._unprojected(inner, "splice.project", whole.shape)
        each = dict(zip(self._names, back.reshape(len(parts), *shape), strict=True))
        return {name: each[name] * shares[name] for name in maps}

    def _projected(self, enhanced: Singles, name: str) -> Singles:
        """1 x 1: C x h x w to h w x D."""
        weight = self._tensors[f"{name}.weight"][:, :, 0, 0]
        return np.asarray(enhanced.reshape(len(enhanced), -1).T @ weight.T + self._tensors[f"{name}.bias"])

    def _unprojected(self, slope: Singles, name: str, shape: tuple[int, ...]) -> Singles:
        return np.asarray((slope @ self._tensors[f"{name}.weight"][:, :, 0, 0]).T.reshape(shape))

    def _decision(self, tokens: Singles, visible: Seen) -> Ran:
        """Tokens L x D to the answer D, and back."""
        backs: list[Back] = []
        x = tokens
        for number in range(self._layers):
            x, through = self._layer(x, visible, f"decision.layers.{number}", last=number == self._layers - 1)
            backs.append(through)
        share = visible[:, None].astype(np.float32) / np.float32(visible.sum())
        read: Singles = x[0] if self._layers else (x * share).sum(axis=0)
        answer, normed = self._normed(read, "decision.norm")
        inward = one_after_the_other(backs)

        def back(slope: Singles) -> Singles:
            before = normed(slope)[None]
            return inward(before if self._layers else before * share)

        return answer, back

    def _layer(self, x: Singles, visible: Seen, name: str, *, last: bool) -> Ran:
        """Behind the last one only the first token is read: it gives 1 x D."""
        rows = 1 if last else len(x)
        normed, by_first = self._normed(x, f"{name}.norm1")
        attended, by_attention = self._attention(normed, visible, f"{name}.attention", rows)
        middle = x[:rows] + attended
        normed, by_second = self._normed(middle, f"{name}.norm2")
        bent, steep = gelu_and_slope(self._linear(normed, f"{name}.mlp.0"))
        first, second = (self._tensors[f"{name}.mlp.{at}.weight"] for at in (0, 2))

        def back(slope: Singles) -> Singles:
            wide = np.asarray((slope @ second) * steep, np.float32)
            inner = np.asarray(slope + by_second(wide @ first), np.float32)
            return np.asarray(_behind(inner, len(x)) + by_first(by_attention(inner)))

        return np.asarray(middle + self._linear(bent, f"{name}.mlp.2")), back

    def _attention(self, x: Singles, visible: Seen, name: str, rows: int) -> Ran:
        length, width = x.shape
        heads = self._spec.heads
        root = np.float32(np.sqrt(width // heads))
        q = self._linear(x[:rows], f"{name}.query").reshape(rows, heads, -1).transpose(1, 0, 2) / root
        k, v = self._linear(x, f"{name}.key_value").reshape(length, 2, heads, -1).transpose(1, 2, 0, 3)
        scores = np.where(visible, q @ k.transpose(0, 2, 1), np.float32(-np.inf))
        raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares = raised / raised.sum(axis=-1, keepdims=True)
        out, by_query, by_pair = (self._tensors[f"{name}.{part}.weight"] for part in ("out", "query", "key_value"))

        def back(slope: Singles) -> Singles:
            mixed = (slope @ out).reshape(rows, heads, -1).transpose(1, 0, 2)
            by_share = mixed @ v.transpose(0, 2, 1)
            by_score = shares * (by_share - (by_share * shares).sum(axis=-1, keepdims=True))
            pair = np.stack(
                (by_score.transpose(0, 2, 1) @ q, shares.transpose(0, 2, 1) @ mixed)
            )  # 2 x heads x L x part
            asked = (by_score @ k).transpose(1, 0, 2).reshape(rows, width) / root
            return pair.transpose(2, 0, 1, 3).reshape(length, -1) @ by_pair + _behind(asked @ by_query, length)

        read = (shares @ v).transpose(1, 0, 2).reshape(rows, width)
        return self._linear(read, f"{name}.out"), back

    def _classifier(self, answer: Singles, weights: Singles) -> Singles:
        """Slope of `weights` . `Logits.combined()` by the answer, D."""
        softmax, ordinal = (self._linear(answer, f"classifier.{part}") for part in ("softmax", "ordinal"))
        raised = np.exp(softmax - softmax.max())
        by_softmax = weights - raised / raised.sum() * weights.sum()
        above = weights[::-1].cumsum()[::-1][1:]  # of the grades behind each threshold
        up = 1 / (1 + np.exp(-ordinal))
        by_ordinal = (1 - up) * above - up * weights[:-1]
        first, second = (self._tensors[f"classifier.{part}.weight"] for part in ("softmax", "ordinal"))
        return np.asarray(0.5 * (by_softmax @ first + by_ordinal @ second), np.float32)

    def _linear(self, x: Singles, name: str) -> Singles:
        return np.asarray(x @ self._tensors[f"{name}.weight"].T + self._tensors[f"{name}.bias"])

    def _normed(self, x: Singles, name: str) -> Ran:
        """Layer norm over the last axis."""
        weight, bias = (self._tensors[f"{name}.{part}"] for part in ("weight", "bias"))
        centred = x - x.mean(axis=-1, keepdims=True)
        root = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(_LAYER_NORM_LEAST))
        plain = centred / root

        def back(slope: Singles) -> Singles:
            inner = slope * weight
            along = (inner * plain).mean(axis=-1, keepdims=True)
            return np.asarray((inner - inner.mean(axis=-1, keepdims=True) - plain * along) / root)

        return plain * weight + bias, back


def _behind(slope: Singles, length: int) -> Singles:
    """rows x D to L x D: tokens that nothing was asked of have no slope."""
    return slope if len(slope) == length else np.pad(slope, ((0, length - len(slope)), (0, 0)))


def slopes_of(weights: Path, spec: NetSpec) -> Slopes:
    """From verified weights; raises `ModelError`."""
    tails = [f"extract.{source}.{part}" for source in spec.sources for part in _TAIL]
    return Slopes(read_arrays(weights, (*_PARTS, *tails)), spec)
