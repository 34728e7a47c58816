"""Every collection the sandbox knows, as data. The attributes are the vendor's; a test compares them with its list."""

from throughline.sandbox.kantata.schema import (
    approvals,
    fields,
    invitations,
    people,
    progress,
    projects,
    rates,
    staffing,
    work,
)
from throughline.sandbox.kantata.schema.shape import Collection

COLLECTIONS: dict[str, Collection] = {
    collection.name: collection
    for module in (projects, staffing, people, rates, work, fields, approvals, invitations, progress)
    for collection in module.COLLECTIONS
}
BY_MODEL = {collection.model: collection for collection in COLLECTIONS.values()}

FIRST_ID = {name: 1_000_000 * position + 1 for position, name in enumerate(COLLECTIONS, start=10)}
"""Ids of different collections never coincide, so that mixing them up is noticed."""
