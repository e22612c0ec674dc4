"""What `benchmarks/screens.py` is made of."""
