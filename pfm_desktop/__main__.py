"""Entry points. `freeze_support` comes first: the installed program starts its workers through this file."""

import multiprocessing
import os
import sys
from typing import NoReturn


def cli() -> None:
    """The command line `pfm`."""
    multiprocessing.freeze_support()
    os.environ.pop("PFM_LANGUAGE", None)  # the command line is English (ADR 22)
    try:
        from pfm_desktop.support import installation, surroundings, threads

        installation.check_libraries()
        threads.set_polite_threads()
        if surroundings.settle():
            sys.stderr.write(f"note: {surroundings.LEFT}\n")
        from pfm_desktop.cli.main import main
    except KeyboardInterrupt:  # Ctrl+C while this loads
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - what is of another kind is raised again
        _cannot_start(error, window=False)
    sys.exit(main())


def gui() -> None:
    """The window `pfm-desktop`."""
    multiprocessing.freeze_support()
    try:
        from pfm_desktop.support import installation, memory, surroundings, threads

        installation.check_libraries()
        threads.set_polite_threads()
        surroundings.settle()
        with memory.without_collection():
            from pfm_desktop.gui.application import main

        code = main()
    except Exception as error:  # noqa: BLE001 - what is of another kind is raised again
        _cannot_start(error, window=True)
    threads.leave(code)


def _cannot_start(error: Exception, *, window: bool) -> NoReturn:
    """A part of the installation is missing, or of the system: say which. Anything else is raised as it is."""
    from pfm_desktop.gui import broken

    code = broken.told(error, window=window)
    if not code:
        raise error
    sys.exit(code)


if __name__ == "__main__":
    cli()
