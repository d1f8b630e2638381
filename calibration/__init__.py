"""What a calibration is: plain data, maths and bytes.

No clock, no files, no logging, no randomness.
"""
