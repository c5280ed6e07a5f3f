"""Labelled recordings: IRMAS, OpenMIC, and tables of one's own."""
