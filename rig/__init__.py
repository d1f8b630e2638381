"""Composes the station, the product, the bench and the run; keeps and releases what a run made."""
