"""Extreme vocal techniques: which ones are sung, and by whom, in the data set EMVD (Tailleur et al.)."""
