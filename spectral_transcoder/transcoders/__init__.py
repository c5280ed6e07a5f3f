"""Trainable transcoders and students, one family a module."""
