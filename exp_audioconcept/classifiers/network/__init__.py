"""Networks on windows of songs, trained as the original trains them."""
