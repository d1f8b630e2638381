"""The product files that ship with ledcal."""
