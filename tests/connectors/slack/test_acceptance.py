"""What Slack is declared to offer is what its simulator does: nothing, so a message is sent once."""

from typing import Any

import pytest

from throughline.connectors.slack import mapping
from throughline.core.entities import Message, MessageId
from throughline.testing.acceptance import Proof, proofs

pytestmark = pytest.mark.asyncio(loop_scope="module")


def message(number: int) -> Message:
    return Message(id=MessageId(f"message-{number}"), channel="#delivery-uk", text=f"Kick-off {number}")


@pytest.mark.parametrize("proof", proofs(mapping.MESSAGE), ids=lambda proof: proof.__name__)
async def test_its_rung_is_true(chat: Any, proof: Proof) -> None:
    def there(sent: Message) -> int:
        return sum(each["text"] == sent.text for each in chat.kept("messages").values())

    await proof(chat.installed("message", message, there))
