"""Collections of songs: which there are, how they are split, and their sound."""
