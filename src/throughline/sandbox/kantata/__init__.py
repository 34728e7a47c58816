"""Kantata OX (Mavenlink) at the wire: envelope, paging, external references, subscribed events, and no idempotency."""

from throughline.sandbox.kantata.simulator import Kantata

__all__ = ["Kantata"]
