"""YAMNet (Google): network, Mel front end, checkpoint reading."""
