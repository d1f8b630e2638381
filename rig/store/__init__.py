"""The record store: an index of the runs and the log that proves that nothing was taken away."""
