"""Plans of settings, and what computes them."""
