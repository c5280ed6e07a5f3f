"""Launching the training experiment, here or on a cluster."""
