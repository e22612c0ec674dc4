"""Parts of `benchmarks/capture_faults.py`."""
