"""Parts of `benchmarks/train_speed.py`."""
