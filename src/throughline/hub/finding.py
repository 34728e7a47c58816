"""The verb `find`: the records of a system that may be the thing we mean, asked there, now."""

from typing import Any

from throughline.core.candidates import Candidate
from throughline.core.claims import Claim
from throughline.core.connector import Where
from throughline.core.entities import Entity
from throughline.core.forms import Record, Ref, dig
from throughline.core.mapping import Mapping
from throughline.hub.outlet import Outlet
from throughline.store import entities

type Known = dict[tuple[str, str], str]


async def candidates(outlet: Outlet, system: str, mapping: Mapping, like: Entity) -> list[Candidate]:
    connector = outlet.applied.connector(system)
    if connector.find is None:
        return []
    await outlet.lease.keep_fresh()
    http = outlet.http(system)
    fields = like.model_dump(mode="json", exclude_none=True)
    link = await outlet.there(like.id, system, mapping.kind)
    # What is linked, or carries our mark, is this entity whatever it is called by now; the rest may be.
    ours = await connector.find(http, mapping, Where(key=link.key)) if link else []
    ours += await connector.find(http, mapping, Where(marker=like.id))
    pointed = await _pointed(outlet, system, mapping, fields)
    alike = await connector.find(http, mapping, Where(fields=fields, pointed=pointed))
    found = {str(dig(record, mapping.key)[1]): record for record in (*alike, *ours)}
    known = await _known_elsewhere(outlet, system, [(mapping.kind, key) for key in found])
    known |= {(mapping.kind, str(dig(record, mapping.key)[1])): like.id for record in ours}
    claims = await outlet.read(system, mapping, list(found.values()))
    return [_candidate(mapping, *each, known) for each in zip(found.values(), claims, strict=True)]


async def _pointed(outlet: Outlet, system: str, mapping: Mapping, fields: dict[str, Any]) -> dict[str, str]:
    """Whom these fields point at, under the names they have over there; without those they have none there."""
    pointed: dict[str, str] = {}
    for row in mapping.rows:
        if isinstance(row.form, Ref) and (id_ := fields.get(row.ours)):
            link = await outlet.there(id_, system, row.form.kind)
            pointed |= {row.theirs: link.key} if link else {}
    return pointed


async def _known_elsewhere(outlet: Outlet, system: str, pairs: list[tuple[str, str]]) -> Known:
    """Of these, the ones that are more to us than that system's own record."""
    named = await entities.named(outlet.pool, system, pairs)
    links = await entities.links_of(outlet.pool, list(named.values()))
    shared = {link.entity for link in links if link.system != system}
    return {pair: id_ for pair, id_ in named.items() if id_ in shared}


def _candidate(mapping: Mapping, record: Record, claim: Claim, known: Known) -> Candidate:
    said = str(dig(record, mapping.id_field)[1]) if mapping.id_field else ""
    # Their field may hold an id that another program put there.
    ours = said if said.startswith(f"{mapping.kind}-") else None
    return Candidate(claim.key, known.get((mapping.kind, claim.key)) or ours, claim.fields)
