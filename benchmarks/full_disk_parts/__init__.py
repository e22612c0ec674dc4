"""Parts of `benchmarks/full_disk.py`."""
