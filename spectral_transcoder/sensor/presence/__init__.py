"""When a source was present: thresholds and probabilities, and the levels of noise beside them."""
