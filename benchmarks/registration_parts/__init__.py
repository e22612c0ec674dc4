"""Parts of `benchmarks/registration.py`: pairs with their truth, ways to register them, photographs."""
