"""Parts of `benchmarks/alike.py`."""
