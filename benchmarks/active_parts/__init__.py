"""Parts of `benchmarks/active.py`."""
