"""pfm_desktop: a colposcopy review workstation with a locally trainable dual-source engine."""

__version__ = "0.1.0"
