"""Training datasets: one HDF5 file of one-second chunks."""
