"""Entry points. `freeze_support` comes first: the installed program starts its workers through this file."""

import multiprocessing
import os
import sys


def cli() -> None:
    """The command line `pfm`."""
    multiprocessing.freeze_support()
    os.environ.pop("PFM_LANGUAGE", None)  # the command line is English (ADR 22)
    try:
        from pfm_desktop.support import threads

        threads.set_polite_threads()
        from pfm_desktop.cli.main import main
    except KeyboardInterrupt:  # Ctrl+C while this loads
        sys.exit(130)
    sys.exit(main())


def gui() -> None:
    """The window `pfm-desktop`."""
    multiprocessing.freeze_support()
    from pfm_desktop.support import memory, threads

    threads.set_polite_threads()
    with memory.without_collection():
        from pfm_desktop.gui.application import main

    threads.leave(main())


if __name__ == "__main__":
    cli()
