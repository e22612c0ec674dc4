"""Records a clip until it is killed: started by `test_clip_killed`. Says each segment once it is acknowledged.

python clip_child.py LIBRARY VISIT [NAME PASSWORD]
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np

from pfm_desktop.capture.clip_segment import SegmentBytes
from pfm_desktop.capture.recorder import Recorder
from pfm_desktop.capture.source import Frame
from pfm_desktop.domain.clip import ClipKind
from pfm_desktop.services import accounts
from pfm_desktop.services.capture.clips import begin_clip
from pfm_desktop.storage import keys
from pfm_desktop.storage.library import Library

SIDE = 64


def main(path: Path, visit: str, *person: str) -> None:
    """Record, ten frames a segment, as fast as the disk takes them."""
    keys.COST = keys.Cost(memory_kib=32, passes=1, lanes=4)
    lib = accounts.sign_in(path, *person) if person else Library.open(path)
    writer = begin_clip(lib, visit, ClipKind.VIDEO, size=(SIDE, SIDE))

    def put(segment: SegmentBytes) -> None:
        writer.put(segment)
        os.write(1, f"{writer.clip.id} {segment.number} {segment.frames}\n".encode())

    recording = Recorder(put, began=0.0)
    for number in range(1_000_000):
        recording.take(Frame(np.full((SIDE, SIDE, 3), number % 200, np.uint8), number / 10, number))
        if number % 10 == 9:
            time.sleep(0.002)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
