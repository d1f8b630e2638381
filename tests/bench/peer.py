"""An instrument of a few lines on pseudo terminals, in a process of its own.

It prints one VISA resource name for each terminal and answers every line with the same reading
until its standard input ends. What it costs is not in the figures of the process that asks.
"""

import os
import pty
import select
import sys
import tty

IDENTITY = b"Maker,Model,S1,1.0\n"
NO_ERROR = b'0,"No error"\n'
READING = b"1.234567E-03\n"
TERMINALS = 2


def serve() -> None:
    end_of_input = sys.stdin.fileno()
    masters, slaves = [], []
    for _ in range(TERMINALS):
        master, slave = pty.openpty()
        tty.setraw(master)
        masters.append(master)
        slaves.append(slave)
    for slave in slaves:
        print(f"ASRL{os.ttyname(slave)}::INSTR", flush=True)
    rest = dict.fromkeys(masters, b"")
    while True:
        for ready in select.select([end_of_input, *masters], [], [])[0]:
            if ready == end_of_input:
                return
            *lines, rest[ready] = (rest[ready] + os.read(ready, 4096)).split(b"\n")
            for line in lines:
                known = {b"*IDN?": IDENTITY, b"SYST:ERR?": NO_ERROR}
                os.write(ready, known.get(line, READING))


if __name__ == "__main__":
    serve()
