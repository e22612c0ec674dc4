"""How a share of some cases is said, with its interval."""

from __future__ import annotations

from scipy.stats import beta


def share(count: int, of: int) -> str:
    """`97.0 % (91.5-99.4), 97 of 100`: Clopper-Pearson, 95 %."""
    if not of:
        return "none"
    low = float(beta.ppf(0.025, count, of - count + 1)) if count else 0.0
    high = float(beta.ppf(0.975, count + 1, of - count)) if count < of else 1.0
    return f"{100 * count / of:.1f} % ({100 * low:.1f}-{100 * high:.1f}), {count} of {of}"
