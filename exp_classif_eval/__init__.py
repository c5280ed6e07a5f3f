"""The paper's second experiment: what a teacher is worth as a classifier when it hears through a transcoder."""
