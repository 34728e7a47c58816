"""Salesforce: the CRM. Deals and customers come from it; the handoff goes back onto the opportunity."""

from throughline.connectors.salesforce import api, auth, mapping
from throughline.core.connector import Connector

CONNECTOR = Connector(
    name="salesforce",
    mappings=(mapping.CUSTOMER, mapping.OPPORTUNITY, mapping.HANDOFF),
    judge=api.judge,
    ask=auth.ask,
    read_token=auth.read_token,
    changes=api.changes,
    count=api.count,
    find=api.find,
    put=api.put,
)
