"""The virtual bench: another process, real transports, one physical world.

`python -m ledcal.instruments.virtual` serves an emulated power meter, spectrometer, thermocouple
logger and panel on pseudo terminals and loopback sockets. Layers, from the bottom:

- physics, pure and without clock: `emitters`, `optics`, `heat`, `world`, `detectors`
- the panel's own decisions: `panel_firmware`, on the C loader that panels are shipped with
- dialects, from text to text: `scpi_grammar`, `scpi`, `jeti_commands`, a module an instrument and
  its parts (`pm103_*`, `jeti_*`)
- lines: `messages`, `transports`, `vxi11`, `jeti_port`; `bench` joins world and time, `truth` is
  for tests

It shares no code with the drivers: both were written from the makers' pages. Everything here is
emulated after those pages and was never held against a real instrument.

Where it is not like a bench of metal, on purpose:

- `--speed` lets all physics and all instrument times run faster, but not the host's scheduler: the
  panel's watchdog never trips before 0.5 s of silence on the wall clock, and time in which this
  process itself stood still is no silence.
- A pseudo terminal ignores baud and parity: replies are paced to 115200 baud, requests are not.
- VXI-11 serves the core channel only: no portmapper, no abort channel, no service requests; a
  lock is always granted.
- Slots and serial of the panel last as long as the process.
"""
