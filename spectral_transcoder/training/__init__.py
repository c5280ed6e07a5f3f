"""Training and evaluation of transcoders."""
