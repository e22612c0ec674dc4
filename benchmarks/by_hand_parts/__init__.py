"""What `benchmarks/cases_by_hand.py` is made of."""
