"""EMVD."""
