"""Manifests: what the files of an evidence pack are, to the byte, signed with the key of the audit log."""

from collections.abc import Mapping

from throughline.core.checkpoints import Signer

NAME = "manifest.txt"


def manifest(signer: Signer, digests: Mapping[str, str]) -> str:
    """One line for each file. Its first line is no log's origin, so that nothing of it can pose as a checkpoint."""
    lines = "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))
    return signer.signed(f"{signer.verifier.name}/evidence\n{lines}")
