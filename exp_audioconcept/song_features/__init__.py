"""A row of numbers for each song: the published table, and the same from the sound itself."""
