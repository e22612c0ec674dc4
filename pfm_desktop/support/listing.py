"""Words in a row within a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from pfm_desktop.support.language import tr

COMMA = tr(", ", "between words in a row")


def with_and(words: Iterable[str]) -> str:
    """`a and b and c`; "" for none."""
    row = list(words)
    return reduce(lambda these, this: tr("{these} and {this}", these=these, this=this), row) if row else ""


def with_or(words: Iterable[str]) -> str:
    """`a or b or c`; "" for none."""
    row = list(words)
    return reduce(lambda these, this: tr("{these} or {this}", these=these, this=this), row) if row else ""


def titled(title: object, what: object) -> str:
    """`Focus: good`."""
    return tr("{title}: {what}", title=title, what=what)
