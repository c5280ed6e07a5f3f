"""Features, from the sound on, and datasets of them."""
