"""Updates from a file, without a network: what it is, installing it, going back (ADR 23)."""
