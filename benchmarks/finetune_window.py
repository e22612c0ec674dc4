"""Learning from 200 labelled pairs of another device in the real window, its event loop watched. On phantoms.

    python benchmarks/finetune_window.py --work DIR [--pairs 200] [--seed 0]

The pairs are those of `benchmarks/finetune.py`; as in the program, the window's process does not load torch. Prints
JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

from benchmarks.finetune_parts.libraries import labelled_library  # noqa: E402 - the thread settings come before numpy
from benchmarks.finetune_parts.pictures import labelled_pairs  # noqa: E402
from pfm_desktop.jobs import SilentContext  # noqa: E402


def main(arguments: Sequence[str] | None = None) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for pictures and the library; kept")
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(arguments)
    from benchmarks.finetune_parts.window import learned_in_the_window

    os.environ["PFM_HOME"] = str(asked.work / "home")
    library = asked.work / "library-window"
    shutil.rmtree(library, ignore_errors=True)
    ctx = SilentContext()
    with labelled_library(ctx, library, labelled_pairs(ctx, asked.work, asked.pairs, asked.seed)):
        pass
    found = learned_in_the_window(library)
    told = {"on": "phantoms", "pairs": asked.pairs, **found, "torch_loaded": "torch" in sys.modules}
    print(json.dumps(told, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
