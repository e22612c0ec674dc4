"""Bringing in whole folders, zips and files: what is there, what it seems to be, the plan, and carrying it out."""
