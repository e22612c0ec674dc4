"""The library on disk. The rest of the program sees `Library`, domain objects and `Change`; never a table."""
