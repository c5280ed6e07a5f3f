"""Third-octave bands of a table: their names, which of several sets to take, weightings, and bands that are missing."""
