"""Slack: where people are told. A message can be sent once and not looked up: rung E."""

from throughline.connectors.slack import api, mapping
from throughline.core.connector import Connector

CONNECTOR = Connector(
    name="slack",
    mappings=(mapping.MESSAGE,),
    judge=api.judge,
    ask=api.ask,
    put=api.put,
    receive=api.receive,
    signed=api.signed,
)
