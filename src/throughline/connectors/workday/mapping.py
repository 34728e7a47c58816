"""Our words and Workday's: one row per field of the records that `shapes` makes of their XML. All only come in."""

from throughline.core.entities import CostCentre, LegalEntity, Resource
from throughline.core.forms import Day, Flag, Number, Ref
from throughline.core.mapping import Mapping, Row

RESOURCE = Mapping(
    Resource,
    resource="Worker",
    key="wid",
    changed="changed",
    rows=(
        Row("name", "name", flow="in"),
        Row("email", "email", flow="in"),
        Row("active", "active", Flag(), flow="in"),
        Row("subcontractor", "contingent", Flag(), flow="in"),
        Row("starts", "hired", Day(), flow="in"),
        Row("ends", "terminated", Day(), flow="in"),
        # The place they have, seen from the day they were asked for.
        Row("role", "position.job_profile", flow="in"),
        Row("region", "position.location", flow="in"),
        Row("legal_entity", "position.company", flow="in"),
        Row("cost_centre", "position.cost_centre", flow="in"),
        Row("manager", "position.manager", Ref("resource"), flow="in"),
        Row("weekly_hours", "position.weekly_hours", Number(), flow="in"),
        Row("placed_from", "position.since", Day(), flow="in"),
    ),
)

COST_CENTRE = Mapping(
    CostCentre,
    resource="Cost_Center",
    key="wid",
    changed="changed",
    rows=(
        Row("code", "code", flow="in"),
        Row("name", "name", flow="in"),
        Row("active", "active", Flag(), flow="in"),
    ),
)

LEGAL_ENTITY = Mapping(
    LegalEntity,
    resource="Organization",
    key="wid",
    changed="changed",
    rows=(
        Row("code", "code", flow="in"),
        Row("name", "name", flow="in"),
        Row("active", "active", Flag(), flow="in"),
    ),
)
