"""Python that starts with this folder in PYTHONPATH has the wall around it."""

import wall

wall.build()
