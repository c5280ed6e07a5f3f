"""SampleCNN (Kim, Lee and Nam, JSTSP 2019): networks that hear the samples themselves, on three tasks."""
