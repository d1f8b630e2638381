"""The virtual bench: another process, real transports, one physical world."""
