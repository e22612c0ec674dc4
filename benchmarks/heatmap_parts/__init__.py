"""Parts of `benchmarks/heatmaps.py`."""
