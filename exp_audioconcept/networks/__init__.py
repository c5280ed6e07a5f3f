"""The networks of the original, with their front end inside."""
