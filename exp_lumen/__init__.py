"""Lumen: which instruments play, in any recording (after the entry "Fast and Fourier" of Lumen Data Science 2023)."""
