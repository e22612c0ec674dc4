"""Compiles modules of others without their docstrings, 3 MB in an installer that nobody reads there. Assertions stay,
which Python's own switch for this (`-OO`) takes out as well.
"""

from __future__ import annotations

import ast
from pathlib import Path
from types import CodeType

# Of these it was tried. Not of numpy and sqlalchemy: they put docstrings together while they are imported.
PACKAGES = ("scipy", "sympy", "torch")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def is_compiled_here(module: str) -> bool:
    """Whether the module of that name is one of `PACKAGES`."""
    return module.partition(".")[0] in PACKAGES


def compiled(source: Path) -> CodeType:
    """The module in the file `source`, lines numbered as there; its name in tracebacks is PyInstaller's to give."""
    tree = ast.parse(source.read_bytes(), str(source))
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            words = node.body[0]
            node.body[:1] = [] if len(node.body) > 1 else [ast.copy_location(ast.Pass(), words)]
    return compile(tree, str(source), "exec", dont_inherit=True)
