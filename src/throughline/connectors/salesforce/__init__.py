"""Salesforce: the CRM. Customers, deals, changes and renewals come from it; the handoff and billing go back."""

from throughline.connectors.salesforce import api, auth, cpq_mapping, mapping, renewals
from throughline.core.connector import Connector

CONNECTOR = Connector(
    name="salesforce",
    mappings=(
        mapping.CUSTOMER,
        mapping.OPPORTUNITY,
        mapping.HANDOFF,
        mapping.BILLING_STATUS,
        mapping.RECEIVABLES,
        cpq_mapping.CHANGE_ORDER,
        cpq_mapping.RENEWAL,
        renewals.RENEWAL_PLAN,
    ),
    judge=api.judge,
    ask=auth.ask,
    read_token=auth.read_token,
    changes=api.changes,
    count=api.count,
    find=api.find,
    put=api.put,
)
