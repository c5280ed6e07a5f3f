"""Lumen."""
