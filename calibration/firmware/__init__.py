"""The panel firmware's C loader, callable on the host (see `FORMAT.md` and `ledcal_load.h`)."""
