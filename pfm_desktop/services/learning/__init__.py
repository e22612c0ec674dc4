"""Learning from the cases of a library: which, who on which side, the run, and what becomes of the model."""
