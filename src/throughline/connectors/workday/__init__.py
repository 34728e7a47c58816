"""Workday: the source of people. Who works here, where, from when and until when; and the cost centres. Only read."""

from throughline.connectors.workday import api, auth, mapping
from throughline.core.connector import Connector

CONNECTOR = Connector(
    name="workday",
    mappings=(mapping.LEGAL_ENTITY, mapping.COST_CENTRE, mapping.RESOURCE),
    judge=api.judge,
    ask=auth.ask,
    read_token=auth.read_token,
    changes=api.changes,
    find=api.find,
)
