"""EMVD itself: its tables and folds, what networks see of its recordings, and the store of that."""
