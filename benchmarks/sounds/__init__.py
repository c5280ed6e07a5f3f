"""Sounds that are made of Mel spectrograms."""
