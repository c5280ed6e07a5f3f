"""Times of frames: columns of any habit to seconds, zones, cadences, and other cadences brought to 125 ms."""
