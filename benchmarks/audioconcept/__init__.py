"""AudioConcept."""
