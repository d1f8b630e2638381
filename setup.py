"""Compile the panel's C loader when the package is built; all else stands in pyproject.toml."""

from setuptools import setup

setup(cffi_modules=["calibration/firmware/build_host.py:ffibuilder"])
