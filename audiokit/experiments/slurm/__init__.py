"""Settings as jobs of a cluster."""
