"""What is attached to other records: custom fields, external references, and the events of the last nine days."""

from throughline.sandbox.kantata.schema.shape import REFERENCES, Collection, belongs, words

CUSTOM_FIELDS = Collection(
    name="custom_fields",
    singular="custom_field",
    model="CustomField",
    event="custom_field",
    attributes=words(
        "id name value_type default_text unique_constraint write_access read_access created_at updated_at values_count"
        " has_values hidden_in_user_interface"
    ),
    create=words("name value_type default_text unique_constraint write_access read_access hidden_in_user_interface"),
    update=words("name value_type default_text unique_constraint write_access read_access hidden_in_user_interface"),
    links={"creator": belongs("users", "creator_id"), **REFERENCES},
    required=("name",),
    choices={"value_type": ("string", "date", "number", "currency")},
    defaults={
        "value_type": "string",
        "default_text": None,
        "unique_constraint": False,
        "write_access": "admin",
        "read_access": "open",
        "hidden_in_user_interface": False,
    },
    searched=("name",),
    filters=("name", "value_type"),
)

CUSTOM_FIELD_VALUES = Collection(
    name="custom_field_values",
    singular="custom_field_value",
    model="CustomFieldValue",
    attributes=words(
        "id subject_type subject_id value display_value can_edit type account_id custom_field_name created_at"
        " updated_at"
    ),
    create=words("subject_type subject_id custom_field_id value"),
    update=("value",),
    links={
        "setter": belongs("users", "setter_id"),
        "custom_field": belongs("custom_fields", "custom_field_id"),
        **REFERENCES,
    },
    required=words("subject_type subject_id custom_field_id value"),
    filters=("subject_type", "subject_id"),
    owners=("custom_field_id",),
)

EXTERNAL_REFERENCES = Collection(
    name="external_references",
    singular="external_reference",
    model="ExternalReference",
    attributes=words(
        "id service_name service_model service_model_ref subject_id subject_type status external_link external_message"
        " external_status locked created_at updated_at last_synced_at"
    ),
    required=words("service_model_ref service_model service_name subject_id subject_type"),
    choices={"status": ("pending", "successful", "failed")},
    defaults={
        "status": "successful",
        "external_link": None,
        "external_message": None,
        "external_status": None,
        "locked": False,
    },
    filters=words(
        "service_name service_model service_model_ref subject_id subject_type status external_message external_status"
    ),
    order="last_synced_at:desc",
)

CREATE_OR_UPDATE = words(
    "service_name service_model service_model_ref subject_id subject_type status external_link external_message"
    " external_status locked"
)

SUBSCRIBED_EVENTS = Collection(
    name="subscribed_events",
    singular="subscribed_event",
    model="SubscribedEvent",
    attributes=words(
        "id event_type account_id user_id subject_id subject_type subject_changed_at previous_payload current_payload"
        " payload_changes created_at updated_at"
    ),
    optional=words("previous_payload current_payload payload_changes"),
    filters=("subject_type", "subject_id"),
    order="created_at:desc",
    deletable=False,
)

COLLECTIONS = (CUSTOM_FIELDS, CUSTOM_FIELD_VALUES, EXTERNAL_REFERENCES, SUBSCRIBED_EVENTS)
