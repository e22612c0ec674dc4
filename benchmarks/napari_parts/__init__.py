"""The two sides of `benchmarks/beside_napari.py`."""
