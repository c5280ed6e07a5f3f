"""Why a song is taken for a genre: features, spots of a spectrogram, and components that can be heard."""
