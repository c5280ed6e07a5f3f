"""Scores to what is written and told: columns, tables, hours and days, a picture, a record."""
