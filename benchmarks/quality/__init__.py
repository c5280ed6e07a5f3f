"""How near transcoders come to their teacher."""
