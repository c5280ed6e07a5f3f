"""Blocks of levels to scores: transcoder, then teacher, or a tagger, many windows at once."""
