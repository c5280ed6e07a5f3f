"""EfficientAT (Schmid et al., 2023): networks, Mel front end, checkpoint reading."""
