"""From scores of pieces to answers for recordings, and how well these are right."""
