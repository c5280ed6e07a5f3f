"""Tags of sensors' levels."""
