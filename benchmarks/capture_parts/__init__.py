"""Parts of `benchmarks/capture.py` and `benchmarks/capture_faults.py`."""
