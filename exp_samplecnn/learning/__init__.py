"""Training by stages, and the files that it leaves."""
