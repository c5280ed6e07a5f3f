"""SampleCNN."""
