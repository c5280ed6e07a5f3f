"""The three datasets, from their lists to a store of segments."""
