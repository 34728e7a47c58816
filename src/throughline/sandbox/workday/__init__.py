"""Workday at the wire: dated transactions, SOAP with its own faults, REST, a report, and refresh tokens."""

from throughline.sandbox.workday.simulator import Workday

__all__ = ["Workday"]
