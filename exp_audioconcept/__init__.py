"""AudioConcept: genres of music by SVM and networks, with reasons that can be seen and heard."""
