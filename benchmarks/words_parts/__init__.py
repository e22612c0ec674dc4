"""Words drawn into pictures, and how much of them is covered."""
