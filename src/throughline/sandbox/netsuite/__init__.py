"""The NetSuite simulator."""

from throughline.sandbox.netsuite.simulator import NetSuite

__all__ = ["NetSuite"]
