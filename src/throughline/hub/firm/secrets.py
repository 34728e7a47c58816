"""Fetches a secret from where its reference says it is kept."""

from collections.abc import Mapping
from pathlib import Path

from throughline.core.firm import SecretRef


class SecretMissing(LookupError):
    """The reference is fine; there is nothing at the other end of it."""


def resolve(ref: SecretRef, folder: Path, environ: Mapping[str, str]) -> str:
    """The secret itself, without the line end an editor adds. Files are looked for beside the firm's folder."""
    if ref.keeper == "env":
        if not environ.get(ref.name):
            raise SecretMissing(f"{ref} is not set: set the environment variable {ref.name}.")
        return environ[ref.name]
    path = folder / ref.name
    try:
        secret = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SecretMissing(f"{ref} cannot be read ({type(error).__name__}): put the secret into {path}.") from error
    if not secret:
        raise SecretMissing(f"{ref} is empty: put the secret into {path}.")
    return secret
