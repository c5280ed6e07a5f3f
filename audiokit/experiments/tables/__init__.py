"""Tables of results in every format."""
