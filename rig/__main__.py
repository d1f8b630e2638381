"""Run the command line as `python -m ledcal.rig`."""

from ledcal.rig.cli import main

main()
