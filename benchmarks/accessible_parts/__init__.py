"""What `benchmarks/accessible_names.py` is made of."""
