"""Soundscapes to train on: recordings of any kind, and synthetic ones, put together at random."""
