"""Linear heads on vectors of a pretrained teacher."""
