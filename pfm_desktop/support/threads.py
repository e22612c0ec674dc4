"""How many threads the numeric libraries take, and that they sleep while they wait."""

import os

VARIABLES = {
    # torch's and OpenVINO's threads spin by default after each small job; beside a busy GUI thread that costs more
    # than it gains
    "OMP_WAIT_POLICY": "PASSIVE",
    "KMP_BLOCKTIME": "0",
}


def set_polite_threads() -> None:
    """Set the environment before numpy, torch or OpenVINO load; what the user has set stays."""
    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value)


def worker_threads() -> int:
    """Threads for the engine: `OMP_NUM_THREADS` if set, else half of the logical processors above four."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    count = os.cpu_count() or 1
    return count if count <= 4 else max(4, count // 2)
