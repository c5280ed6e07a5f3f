"""Labelled recordings and how well they are told apart."""
