"""Kantata: the PSA. Projects, their plans and the people they need live in it."""

from throughline.connectors.kantata import api, mapping
from throughline.core.connector import Connector

CONNECTOR = Connector(
    name="kantata",
    mappings=(mapping.CUSTOMER, mapping.PROJECT, mapping.TASK, mapping.DEMAND, mapping.BILLING_MILESTONE),
    judge=api.judge,
    ask=api.ask,
    changes=api.changes,
    find=api.find,
    put=api.put,
)
