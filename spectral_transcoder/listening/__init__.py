"""From a recording to sounds, tags, pictures and a page."""
