"""The contract's part about what is written down: no secret anywhere, and a page that says what matters."""

from dataclasses import replace

from throughline.core.connector import TokenRequest
from throughline.testing.connector_subject import NOW, Broken, Subject

SECTIONS = ("Scopes", "Limits", "Surprises")


def ask_keeps_secrets(subject: Subject) -> None:
    """A secret is in the form or the headers of a token request, never in an address, a print or an error."""
    asked = subject.asked()
    shown = (repr(asked), str(asked), asked.path if isinstance(asked, TokenRequest) else str(asked.url))
    for name, secret in subject.credentials.secrets.items():
        if any(secret in text for text in shown):
            raise Broken(f"ask shows the secret {name!r} outside the form and the headers")
        if secret.startswith("-----BEGIN") and isinstance(asked, TokenRequest) and secret in str(asked.form):
            raise Broken(f"ask sends the key {name!r} itself: a key signs, and stays here")
        spoilt = {**subject.credentials.secrets, name: "spoilt-secret-7f3a"}
        try:
            subject.connector.ask(replace(subject.credentials, secrets=spoilt), NOW)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not tell
            if _tells(error, "spoilt-secret-7f3a"):
                raise Broken(f"ask tells the secret {name!r} in its error: {error!r}") from None


def readme_says_what_matters(subject: Subject) -> None:
    """What to allow, what the vendor bears, and what will bite the next person."""
    text = subject.readme.read_text(encoding="utf-8") if subject.readme.is_file() else ""
    for section in SECTIONS:
        _, heading, rest = text.partition(f"\n## {section}\n")
        if not heading or not rest.partition("\n## ")[0].strip():
            raise Broken(f"{subject.readme.name} has no section `## {section}` with something in it")


def _tells(error: BaseException | None, secret: str) -> bool:
    while error is not None:
        if secret in str(error) or secret in repr(error):
            return True
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return False
