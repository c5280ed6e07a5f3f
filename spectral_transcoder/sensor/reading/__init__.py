"""Files of levels, whatever their format: bytes → cells → bands and times → pieces of levels."""
