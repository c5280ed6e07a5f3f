"""The paper's first experiment: training transcoders."""
