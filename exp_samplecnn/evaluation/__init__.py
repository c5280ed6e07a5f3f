"""How well trained networks do, by class and as a whole."""
