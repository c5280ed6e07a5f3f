"""Training networks, and using them."""
