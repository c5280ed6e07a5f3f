"""SampleCNN's six blocks and the network made of them."""
