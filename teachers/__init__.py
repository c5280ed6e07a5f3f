"""Pretrained sound classifiers behind one interface."""
