"""Our words and Kantata's for what delivery asks to change: a task that carries our custom field. Read, never written.

`story` is put beside the field's value by `scope`.
"""

from throughline.core.entities import ScopeChange
from throughline.core.forms import Choice, Day, MinorUnits, Minutes, Ref
from throughline.core.mapping import Mapping, Row

SCOPE_CHANGE = Mapping(
    ScopeChange,
    resource="custom_field_values",
    key="id",
    changed="updated_at",
    rows=(
        Row("name", "story.title", flow="in"),
        Row("project", "story.workspace_id", Ref("project"), flow="in"),
        Row(
            "state",
            "value",
            Choice({"Draft": "draft", "Proposed": "submitted", "Approved": "approved", "Rejected": "rejected"}),
            flow="in",
        ),
        Row(
            "amount",
            "story.budget_estimate_in_cents",
            MinorUnits(currency="story.currency", base_unit="story.currency_base_unit"),
            flow="in",
        ),
        Row("hours", "story.time_estimate_in_minutes", Minutes(), flow="in"),
        Row("starts", "story.start_date", Day(), flow="in"),
        Row("ends", "story.due_date", Day(), flow="in"),
    ),
)
