"""Our words and Slack's: one row per field."""

from throughline.core.entities import Message
from throughline.core.mapping import Mapping, Row, Rung

MESSAGE = Mapping(
    Message,
    resource="chat.postMessage",
    key="ts",
    rung=Rung.NOTHING,
    rows=(Row("channel", "channel", flow="out"), Row("text", "text", flow="out")),
)
