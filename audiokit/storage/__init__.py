"""Data on the disk that survives a kill, and the processes that make it."""
