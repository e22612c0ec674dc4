"""Parts of `benchmarks/evidence.py`: arms, cases, training, results, figures, plots, the page."""
