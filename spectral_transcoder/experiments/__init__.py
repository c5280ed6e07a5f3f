"""Experiments: plans of settings, doce's command line, result tables."""
