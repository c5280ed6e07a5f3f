"""What every audio experiment here stands on: sound, storage, downloads, training, plans, reports."""
