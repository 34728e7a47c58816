"""CloudEvents 1.0: an event as others read it, whole in JSON, or its attributes apart from its data."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from throughline.core import exact

SOURCE = "/throughline"
STRUCTURED = "application/cloudevents+json"
PLAIN = "application/json"


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """`SOURCE` and `id` together are never given to another event, however often this one is told."""

    id: str
    type: str
    subject: str
    time: datetime
    engagement: str
    data: dict[str, Any] | None
    dataref: str | None = None

    @property
    def attributes(self) -> dict[str, str]:
        """https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#context-attributes"""
        said = {
            "specversion": "1.0",
            "id": self.id,
            "source": SOURCE,
            "type": f"throughline.{self.type}",
            "subject": self.subject,
            "time": self.time.isoformat(),
            "engagement": self.engagement,
        }
        if self.data is not None:
            said["datacontenttype"] = PLAIN
        # https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/extensions/dataref.md
        return said | {"dataref": self.dataref} if self.dataref else said

    @property
    def whole(self) -> dict[str, Any]:
        """https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md"""
        return {**self.attributes, "data": self.data} if self.data is not None else dict(self.attributes)

    def structured(self) -> bytes:
        """All of it as one document, to be sent as `STRUCTURED`."""
        return exact.dumps(self.whole).encode()

    def binary(self) -> tuple[dict[str, str], bytes]:
        """Its attributes as headers, and its data alone: who routes it need not parse it."""
        said = {f"ce-{name}": value for name, value in self.attributes.items() if name != "datacontenttype"}
        if self.data is None:
            return said, b""
        return {**said, "content-type": PLAIN}, exact.dumps(self.data).encode()

    def within(self, most: int, *, at: str) -> "CloudEvent":
        """Itself if it is smaller than that; else without its data, and saying where they are."""
        return self if len(self.structured()) < most else replace(self, data=None, dataref=at)
