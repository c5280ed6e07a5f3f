"""Instruments over HTTP: what `server.py` serves."""
