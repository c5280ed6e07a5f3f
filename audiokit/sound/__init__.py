"""Recordings, frames and Mel spectrograms."""
