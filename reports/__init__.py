"""Functions from a record to a document."""
