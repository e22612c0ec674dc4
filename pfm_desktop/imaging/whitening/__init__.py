"""Whitening after acetic acid: frames laid over each other, its curve at a place, its maps over the cervix."""
