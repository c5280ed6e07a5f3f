"""Pictures of the data set and of what is taken for what in it."""
