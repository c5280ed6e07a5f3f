"""How weights move: optimisers, the learning rate over time and what it should be, means of weights."""
