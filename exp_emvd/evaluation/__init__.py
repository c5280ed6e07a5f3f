"""How well predictions are right: chunks vote for recordings, and recordings are counted."""
