"""python-tuf's client without its way to the network.

Its package loads a fetcher that uses urllib3, which opens a socket as soon as it is imported, to find out about IPv6.
Nothing here asks a network for anything, so that fetcher is not loaded, and urllib3 is not installed with the program.
"""

from __future__ import annotations

import sys
from types import ModuleType

_FETCHER = "tuf.ngclient.urllib3_fetcher"
if _FETCHER not in sys.modules:
    sys.modules[_FETCHER] = ModuleType(_FETCHER)
    sys.modules[_FETCHER].__dict__["Urllib3Fetcher"] = type("Urllib3Fetcher", (), {})

from tuf.ngclient import FetcherInterface, Updater  # noqa: E402 - what stands above has to come first

__all__ = ["FetcherInterface", "Updater"]
