"""The fault files that ship with ledcal: what can go wrong on a bench, to teach by."""
