"""A live examination: cameras and lamp, what is taken, clips, and how it gets into the library."""
