"""Formats of files, each a module that makes a `Table` (or, of bare arrays, a `LevelSource`) of it."""
