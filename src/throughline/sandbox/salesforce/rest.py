"""The data API's resources: which address answers to which method."""

import re
from collections.abc import Callable
from functools import partial
from urllib.parse import unquote

from throughline.sandbox.salesforce import composite, describe, limits, many, queries, sobjects
from throughline.sandbox.salesforce.org import Org, Transaction
from throughline.sandbox.salesforce.wire import Answer, Call, Refused, not_found

type Resource = Callable[..., Answer]


def answered(call: Call, org: Org, user: str) -> Answer:
    """One request, one transaction."""
    tx = org.begin(user)
    try:
        answer = dispatch(call, tx)
    except Refused as refused:
        return refused.answer()
    tx.commit()
    return answer


def dispatch(call: Call, tx: Transaction) -> Answer:
    for pattern, methods in _RESOURCES:
        if found := pattern.fullmatch(call.path):
            resource = methods.get(call.method)
            if resource is None:
                message = f"HTTP Method '{call.method}' not allowed. Allowed are {', '.join(methods)}"
                raise Refused(405, "METHOD_NOT_ALLOWED", message)
            return resource(call, tx, *(unquote(part) for part in found.groups()))
    raise not_found()


def _at(pattern: str, **methods: Resource) -> tuple[re.Pattern[str], dict[str, Resource]]:
    return re.compile(pattern.replace("{}", "([^/]+)")), methods


_RESOURCES = (
    _at("", GET=describe.resources),
    _at("limits", GET=limits.read),
    _at("query", GET=queries.query),
    _at("queryAll", GET=queries.query_all),
    _at("(?:query|queryAll)/{}", GET=queries.more),
    _at("sobjects", GET=describe.everything),
    _at("sobjects/{}", GET=describe.basic, POST=sobjects.create),
    _at("sobjects/{}/describe", GET=describe.full),
    _at("sobjects/{}/updated", GET=sobjects.updated),
    _at("sobjects/{}/deleted", GET=sobjects.deleted),
    _at("sobjects/{}/{}", GET=sobjects.read, PATCH=sobjects.update, DELETE=sobjects.delete),
    _at("sobjects/{}/{}/{}", GET=sobjects.read_by_key, PATCH=sobjects.upsert, DELETE=sobjects.delete_by_key),
    _at("composite", POST=partial(composite.composite, dispatch)),
    _at("composite/batch", POST=partial(composite.batch, dispatch)),
    _at("composite/sobjects", POST=many.create, PATCH=many.update, DELETE=many.delete),
    _at("composite/sobjects/{}", GET=many.read, POST=many.read_listed),
    _at("composite/sobjects/{}/{}", PATCH=many.upsert),
)
