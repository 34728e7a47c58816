"""Whatever breaks once the connection stood is unknown, with every connector, and never makes a second record."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from throughline.core.entities import Customer, CustomerId, Entity, Message, MessageId
from throughline.core.errors import Unknown
from throughline.testing.acceptance_attempt import Attempt
from throughline.testing.acceptance_trouble import Trouble

pytestmark = pytest.mark.asyncio(loop_scope="module")

CUSTOMER = Customer(id=CustomerId("customer-1"), name="Sample Company", legal_entity="DE", currency="EUR")
MESSAGE = Message(id=MessageId("message-1"), channel="#delivery-uk", text="Sample Company")
# Their own fault kinds; the transport of these tests gives up after a second.
FAULTS: dict[str, dict[str, Any]] = {
    "reset before it was done": {"kind": "reset_before"},
    "reset after it was done": {"kind": "reset_after"},
    "no answer in time": {"kind": "hang_after", "seconds": 1.5},
    "an answer that drips": {"kind": "drip", "seconds": 20},
    "closed while reading": {"kind": "garbage"},
    "a 500 after it was done": {"kind": "error_after", "status": 500},
}
SETTINGS = {
    "salesforce": {"consumer_key": "throughline-sandbox-consumer-key", "username": "integration@halyard.example"},
    "netsuite": {"client_id": "throughline-sandbox-client", "certificate_id": "throughline-sandbox-cert"},
}
TOKENS = {"kantata": "kantata-sandbox-token", "slack": "xoxb-sandbox"}


@dataclass(frozen=True)
class Written:
    """What a connector writes here, how, and where the vendor keeps it."""

    entity: Entity
    method: str
    shelf: str


WRITTEN = {
    "salesforce": Written(CUSTOMER, "PATCH", "Account"),
    "netsuite": Written(CUSTOMER, "PUT", "customer"),
    "kantata": Written(CUSTOMER, "POST", "workspace_groups"),
    "slack": Written(MESSAGE, "POST", "messages"),
}
# NetSuite answers a creation with headers alone: there is no body to be cut or to drip.
CASES = [
    (name, fault)
    for name in WRITTEN
    for fault in FAULTS
    if not (name == "netsuite" and FAULTS[fault]["kind"] in {"drip", "garbage"})
]


@pytest.mark.parametrize(("name", "fault"), CASES)
async def test_it_is_unknown_and_in_the_end_there_is_one(
    bench_of: Callable[..., Awaitable[Any]], keys: tuple[str, bytes], name: str, fault: str
) -> None:
    written, token = WRITTEN[name], TOKENS.get(name)
    secrets = {"token": token} if token else {"private_key": keys[0]}
    bench = await bench_of(
        name, secrets=secrets, settings=SETTINGS.get(name), **({} if token else {"public_key_pem": keys[1]})
    )

    def sample(_number: int) -> Entity:
        return written.entity

    def there(_sent: Entity) -> int:
        return sum("Sample Company" in json.dumps(each) for each in bench.kept(written.shelf).values())

    installed = bench.installed(written.entity.kind, sample, there)
    await bench.line.let_in()
    attempt = Attempt(installed, written.entity, Trouble(installed))

    await bench.fault(method=written.method, **FAULTS[fault])
    with pytest.raises(Unknown):
        await attempt.send()
    attempt.in_doubt = True
    await attempt.climb()

    assert await installed.count(written.entity) == 1
