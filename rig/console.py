"""The console on which the command line prints for a person."""

import sys

from rich.console import Console

_PIPE_WIDTH = 120
"""Columns of a table that goes to a file or another program, which has no width of its own."""


def open_console(*, quiet: bool = False) -> Console:
    """Return a console that takes every text as it is: no markup, no highlighting."""
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(markup=False, highlight=False, soft_wrap=True, quiet=quiet, width=width)
