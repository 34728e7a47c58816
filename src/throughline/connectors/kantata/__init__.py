"""Kantata: the PSA. Projects, their plans, their people and what these work live in it."""

from throughline.connectors.kantata import api, mapping, scope_mapping, status, work_mapping
from throughline.core.connector import Connector

CONNECTOR = Connector(
    name="kantata",
    mappings=(
        mapping.CUSTOMER,
        mapping.PROJECT,
        mapping.TASK,
        mapping.DEMAND,
        mapping.BILLED_WORK,
        mapping.BILLING_MILESTONE,
        work_mapping.DELIVERY_ROLE,
        work_mapping.RESOURCE,
        work_mapping.ASSIGNMENT,
        work_mapping.TIMESHEET,
        work_mapping.TIME_ENTRY,
        work_mapping.EXPENSE,
        scope_mapping.SCOPE_CHANGE,
        status.BILLING_STATUS,
    ),
    judge=api.judge,
    ask=api.ask,
    changes=api.changes,
    count=api.count,
    find=api.find,
    put=api.put,
)
