"""Sign-in by a service of the firm's (OpenID Connect): which one, what it says of people, when it is not believed."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from throughline.core.rights import PersonRole
from throughline.core.secret_refs import SecretRef

# How far the clocks of two machines may be apart.
APART = timedelta(minutes=1)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _address(said: str) -> str:
    if not is_safe(said):
        raise ValueError("write the issuer's address, beginning with https://")
    return said


class SignIn(BaseModel):
    """The service, what it knows us as, and what its groups are here.

    `roles` says which roles a group has; `legal_entities` which companies its people are limited to. Who is in none of
    the groups of `legal_entities` is not limited.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: Annotated[str, AfterValidator(_address)]
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: SecretRef | None = None
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    name_claim: Annotated[str, Field(min_length=1)] = "email"
    groups_claim: Annotated[str, Field(min_length=1)] = "groups"
    roles: Mapping[str, tuple[PersonRole, ...]]
    legal_entities: Mapping[str, tuple[str, ...]] = {}

    def roles_of(self, groups: Iterable[str]) -> list[str]:
        held = {role for group in groups for role in self.roles.get(group, ())}
        return [role.value for role in PersonRole if role in held]

    def limits_of(self, groups: Iterable[str]) -> list[str] | None:
        limits = {each for group in groups for each in self.legal_entities.get(group, ())}
        return sorted(limits) or None


def is_safe(url: str) -> bool:
    """Whether what is said there can be said: to nobody on the way, or to nobody but this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def why_not(claims: Mapping[str, Any], rules: SignIn, *, nonce: str, now: datetime) -> str:
    """Why a token whose signature is right is not believed; "" when it is."""
    for_whom = claims.get("aud")
    audience = for_whom if isinstance(for_whom, list) else [for_whom]
    if claims.get("iss") != rules.issuer:
        return "the token is from another issuer"
    if rules.client_id not in audience or claims.get("azp", rules.client_id) != rules.client_id:
        return "the token is for another client"
    if len(audience) > 1 and "azp" not in claims:
        return "the token is for several clients, and does not say which of them asked"
    if claims.get("nonce") != nonce:
        return "the token belongs to another sign-in"
    return _time_is_up(claims, now=now)


def groups_in(claims: Mapping[str, Any], rules: SignIn) -> list[str]:
    said = claims.get(rules.groups_claim)
    return [each for each in said if isinstance(each, str)] if isinstance(said, list) else []


def name_in(claims: Mapping[str, Any], rules: SignIn) -> str:
    """Under which name they are known here; "" when the service does not vouch for it."""
    name = claims.get(rules.name_claim)
    vouched = rules.name_claim != "email" or claims.get("email_verified", True) is True
    return name if isinstance(name, str) and vouched else ""


def _time_is_up(claims: Mapping[str, Any], *, now: datetime) -> str:
    ends, begun, good = (_seconds(claims.get(name)) for name in ("exp", "iat", "nbf"))
    if ends is None or begun is None:
        return "the token does not say for how long it is good"
    if now.timestamp() >= ends + APART.total_seconds():
        return "the token is over"
    soon = now.timestamp() + APART.total_seconds()
    return "the token is not good yet" if begun > soon or (good or 0) > soon else ""


def _seconds(said: Any) -> float | None:
    return float(said) if isinstance(said, int | float | Decimal) and not isinstance(said, bool) else None
