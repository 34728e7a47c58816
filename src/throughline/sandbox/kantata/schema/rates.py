"""What an hour costs: sets of rate cards, one card per currency, versions by date, and a rate per role."""

from throughline.sandbox.kantata.schema.shape import REFERENCES, Collection, belongs, many, words

RATE_CARD_SETS = Collection(
    name="rate_card_sets",
    singular="rate_card_set",
    model="RateCardSet",
    attributes=words("id title account_default active_currencies default_currencies destroyable"),
    create=words("clone_version_id title"),
    update=("title",),
    by_hand=("account_default",),
    extras=("clone_version_id",),
    links={
        "rate_cards": many("rate_cards", "rate_card_ids", "rate_card_set_id"),
        "rate_card_set_versions": many("rate_card_set_versions", "rate_card_set_version_ids", "rate_card_set_id"),
    },
    required=("title",),
    defaults={"account_default": False},
    filters=("title", "account_default"),
    order="created_at:asc",
)

RATE_CARD_SET_VERSIONS = Collection(
    name="rate_card_set_versions",
    singular="rate_card_set_version",
    model="RateCardSetVersion",
    attributes=words("id active effective_date used_currencies"),
    create=words("clone_id rate_card_set_id effective_date"),
    update=("effective_date",),
    by_hand=("active",),
    extras=("clone_id",),
    links={
        "rate_card_set": belongs("rate_card_sets", "rate_card_set_id"),
        "rate_card_versions": many("rate_card_versions", "rate_card_version_ids", "rate_card_set_version_id"),
    },
    required=words("rate_card_set_id effective_date"),
    defaults={"active": True},
    filters=("active", "effective_date"),
    order="created_at:asc",
    owners=("rate_card_set_id",),
)

RATE_CARDS = Collection(
    name="rate_cards",
    singular="rate_card",
    model="RateCard",
    attributes=words("currency uses id"),
    create=words("rate_card_set_id rate_card_set_version_id currency"),
    update=("currency",),
    extras=("rate_card_set_version_id",),
    links={
        "rate_card_set": belongs("rate_card_sets", "rate_card_set_id"),
        "rate_card_versions": many("rate_card_versions", "rate_card_version_ids", "rate_card_id"),
        "effective_rate_card_version": many("rate_card_versions", "effective_rate_card_version_id", "derived"),
        **REFERENCES,
    },
    required=words("rate_card_set_id currency"),
    filters=("currency",),
    order="created_at:desc",
    owners=("rate_card_set_id",),
)

RATE_CARD_VERSIONS = Collection(
    name="rate_card_versions",
    singular="rate_card_version",
    model="RateCardVersion",
    attributes=words("id default_rate"),
    update=("default_rate",),
    by_hand=words("rate_card_id rate_card_set_version_id"),
    links={
        "rate_card": belongs("rate_cards", "rate_card_id"),
        "rate_card_set_version": belongs("rate_card_set_versions", "rate_card_set_version_id"),
        "rate_card_roles": many("rate_card_roles", "rate_card_role_ids", "rate_card_version_id"),
    },
    defaults={"default_rate": 0},
    order="created_at:asc",
    owners=("rate_card_id", "rate_card_set_version_id"),
    deletable=False,
)

RATE_CARD_ROLES = Collection(
    name="rate_card_roles",
    singular="rate_card_role",
    model="RateCardRole",
    attributes=words("id rate"),
    create=words("rate_card_version_id role_id rate"),
    update=("rate",),
    links={
        "role": belongs("roles", "role_id"),
        "rate_card_version": belongs("rate_card_versions", "rate_card_version_id"),
    },
    required=words("rate_card_version_id role_id rate"),
    order="created_at:asc",
    owners=("rate_card_version_id", "role_id"),
)

COLLECTIONS = (RATE_CARD_SETS, RATE_CARD_SET_VERSIONS, RATE_CARDS, RATE_CARD_VERSIONS, RATE_CARD_ROLES)
