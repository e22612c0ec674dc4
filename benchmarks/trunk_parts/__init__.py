"""What `benchmarks/make_trunk.py` is made of."""
