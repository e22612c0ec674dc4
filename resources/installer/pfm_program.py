"""What is installed, as it starts: the command line where it is called `pfm`, else the window."""

import sys
from pathlib import Path

from pfm_desktop.__main__ import cli, gui

if __name__ == "__main__":
    (cli if Path(sys.argv[0]).stem == "pfm" else gui)()
