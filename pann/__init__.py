"""PANN ResNet38 (Kong et al., 2020): network, Mel front end, checkpoint reading."""
