"""What the benchmark of whitening is made of."""
