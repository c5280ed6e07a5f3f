"""Networks from waveforms to instruments: front end, backbone and head."""
