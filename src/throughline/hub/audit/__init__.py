"""The audit log at work: one sequencer over all workers, proofs, verification, and what an auditor takes home."""

from throughline.hub.audit.sequencer import Sequencer

__all__ = ["Sequencer"]
