"""Training: losses, augmentation, stages, and the files of models."""
