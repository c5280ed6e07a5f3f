"""Scores of labelled recordings, and what they are worth for telling classes apart."""
