"""What has to be settled around the program before anything large loads, for the processes that it starts as well."""

from __future__ import annotations

import os
from pathlib import Path

from pfm_desktop.support.paths import app_root

CACHE = "TORCHINDUCTOR_CACHE_DIR"
SOMEWHERE = Path(app_root().anchor)
LEFT = f"this user may not enter the folder that this was started in, or it is gone; paths begin at {SOMEWHERE}"


def settle() -> bool:
    """What the user has set stays. Whether the folder that it was started in had to be left for `SOMEWHERE`."""
    # Nothing is compiled here, and yet torch makes a folder for that among the temporary files as it loads, and leaves
    # it there. One that is there already is taken.
    os.environ.setdefault(CACHE, str(app_root()))
    # A process that is started goes where this one stands, and ends where it may not, or where nothing is any more.
    try:
        os.chdir(Path.cwd())
    except OSError:
        os.chdir(SOMEWHERE)
        return True
    return False
