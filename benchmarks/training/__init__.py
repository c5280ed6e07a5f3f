"""Steps of training, and what keeps them waiting."""
