"""Parts of `benchmarks/make_finder.py` and `benchmarks/finder.py`."""
