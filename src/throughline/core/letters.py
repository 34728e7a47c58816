"""An event as a letter: what happened in the subject, and all that is known of it in the text."""

from email.message import EmailMessage

from throughline.core.cloud_events import CloudEvent

SCHEME = "mailto:"


class NotAnAddress(ValueError):
    """This is no address of mail; the text says why."""


def address_of(url: str) -> str:
    """The address in `mailto:somebody@example.com`."""
    address = url.removeprefix(SCHEME)
    name, at, host = address.partition("@")
    # One address and nothing else: neither a second one, nor a line of one's own in the letter's head.
    if not (name and at and "." in host) or any(each in address for each in '@\r\n\t ,;:<>?&"' if each != "@"):
        raise NotAnAddress(f"{address!r} is not an address: write mailto:name@example.com")
    if "@" in host or not address.isascii():
        raise NotAnAddress(f"{address!r} is not an address: write mailto:name@example.com")
    return address


def letter(event: CloudEvent, *, sender: str, to: str) -> EmailMessage:
    """The same event is the same letter, by its id: a mailbox shows one that is sent twice once."""
    data = event.data or {}
    what = " ".join(str(data.get("name") or event.subject).split())
    written = EmailMessage()
    written["Subject"] = f"{words(event.type)}: {what}"[:200]
    written["From"], written["To"] = sender, to
    written["Date"] = event.time
    written["Message-ID"] = f"<{event.id}@throughline>"
    written["Auto-Submitted"] = "auto-generated"
    written.set_content(text(event))
    return written


def text(event: CloudEvent) -> str:
    said = {"what": words(event.type), "when": event.time.isoformat(), "about": event.subject,
            "engagement": event.engagement, **(event.data or {})}  # fmt: skip
    lines = [f"{name.replace('_', ' ')}: {' '.join(str(value).split())}" for name, value in said.items()]
    return "\n".join([*lines, "", f"Look: throughline trace {event.engagement}", ""])


def words(name: str) -> str:
    """`SlaBreached` is "Sla breached"."""
    spaced = "".join(f" {each.lower()}" if each.isupper() else each for each in name).strip()
    return spaced[:1].upper() + spaced[1:]
