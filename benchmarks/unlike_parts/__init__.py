"""Parts of `benchmarks/unlike.py`: pictures, the sets made of them, scores, figures."""
