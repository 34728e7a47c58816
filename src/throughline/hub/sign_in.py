"""Signing in by the firm's own service: OpenID Connect, its authorization code flow with PKCE, a state and a nonce."""

import hashlib
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

import jwt

from throughline.core import exact
from throughline.core.sign_in import SignIn, groups_in, is_safe, name_in, why_not
from throughline.hub import sessions
from throughline.hub.firm.secrets import SecretMissing, resolve
from throughline.hub.firms import NothingApplied
from throughline.hub.machine import Machine
from throughline.hub.people import TAKEN, spelled
from throughline.hub.seal import Broken, Safe
from throughline.hub.wire.transport import Lost, NotSent, Request
from throughline.store import journal, people
from throughline.store.database import transaction

PURPOSE, PATIENCE = "sign in", timedelta(minutes=10)
# Never a shared secret, and never `none`: what signs is theirs alone.
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})


class NotSignedIn(Exception):
    """They are not let in; the text says why, for who stands at the door."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what it keeps meanwhile; nobody else can read that."""

    address: str
    kept: str


async def rules(machine: Machine) -> SignIn | None:
    """Which service the firm signs in by, if by any."""
    try:
        return (await machine.firms.current()).firm.policies.sign_in
    except NothingApplied:
        return None


async def begin(machine: Machine, *, back: str, then: str) -> Begun:
    """`back` is where the service sends the browser to, `then` where it goes in the end."""
    by = await _rules(machine)
    said = await _told(machine, by)
    state, nonce, verifier = (urlsafe_b64encode(machine.chance.randbytes(32)).decode().rstrip("=") for _ in range(3))
    asked = {
        "response_type": "code",
        "client_id": by.client_id,
        "redirect_uri": back,
        "scope": " ".join(by.scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
    }
    kept = {"state": state, "nonce": nonce, "verifier": verifier, "back": back, "then": then,
            "until": (machine.clock() + PATIENCE).isoformat()}  # fmt: skip
    joint = "&" if "?" in said["authorization_endpoint"] else "?"
    return Begun(
        f"{said['authorization_endpoint']}{joint}{urlencode(asked)}",
        Safe(machine.firms.key).keep(PURPOSE, exact.dumps(kept)).decode(),
    )


async def finish(machine: Machine, kept: str, query: str) -> tuple[str, str]:
    """What the browser keeps from now on, and where it goes. Raises NotSignedIn for anything that is not as it was."""
    by, begun, given = await _rules(machine), _begun(machine, kept), parse_qs(query)
    if given.get("state") != [begun["state"]]:
        raise NotSignedIn("This answer belongs to another sign-in. Begin again.")
    if given.get("iss", [by.issuer]) != [by.issuer]:
        raise NotSignedIn("This answer is from another service. Begin again.")
    if "code" not in given:
        raise NotSignedIn(f"The sign-in service refused: {given.get('error', ['no reason given'])[0][:100]}.")
    said = await _told(machine, by)
    token = await _token(machine, by, said, code=given["code"][0], begun=begun)
    claims = await _claims(machine, said, token)
    if why := why_not(claims, by, nonce=begun["nonce"], now=machine.clock()):
        raise NotSignedIn(f"The sign-in service is not believed: {why}.")
    person = await _known(machine, by, claims)
    return await sessions.begin(machine, person), begun["then"]


def challenge(verifier: str) -> str:
    """What PKCE tells ahead of a secret that is shown with the code (RFC 7636)."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


async def _rules(machine: Machine) -> SignIn:
    if (by := await rules(machine)) is None:
        raise NotSignedIn("No sign-in service is set up: write sign_in into policies.yaml.")
    return by


def _begun(machine: Machine, kept: str) -> dict[str, Any]:
    try:
        begun = exact.loads(Safe(machine.firms.key).read(PURPOSE, kept.encode()))
    except (Broken, ValueError) as error:
        raise NotSignedIn("The browser does not know of this sign-in. Begin again.") from error
    if machine.clock() >= datetime.fromisoformat(begun["until"]):
        raise NotSignedIn("This took too long. Begin again.")
    return begun


async def _told(machine: Machine, by: SignIn) -> dict[str, str]:
    """What the service says of itself (OpenID Connect Discovery 1.0)."""
    said = await _json(machine, Request("GET", f"{by.issuer.rstrip('/')}/.well-known/openid-configuration", {}))
    needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if said.get("issuer") != by.issuer or not all(is_safe(str(said.get(name, ""))) for name in needed):
        raise NotSignedIn("The sign-in service does not describe itself as policies.yaml does.")
    return said


async def _token(machine: Machine, by: SignIn, said: dict[str, str], *, code: str, begun: dict[str, Any]) -> str:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": begun["back"],
            "code_verifier": begun["verifier"], "client_id": by.client_id}  # fmt: skip
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if by.client_secret:
        try:
            secret = resolve(by.client_secret, machine.firms.folder, machine.firms.environ)
        except SecretMissing as error:
            raise NotSignedIn(f"The sign-in service cannot be asked: {error}") from error
        # Both are written as in a form before they are put together (RFC 6749, 2.3.1).
        both = f"{quote(by.client_id, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = f"Basic {b64encode(both.encode()).decode()}"
    answer = await _json(machine, Request("POST", said["token_endpoint"], headers, urlencode(form).encode()))
    return str(answer.get("id_token", ""))


async def _claims(machine: Machine, said: dict[str, str], token: str) -> dict[str, Any]:
    """What the token says, if a key of the service signed it. For how long it is good we decide on our own clock."""
    keys = await _json(machine, Request("GET", said["jwks_uri"], {}))
    try:
        head = jwt.get_unverified_header(token)
        found = [key for key in jwt.PyJWKSet.from_dict(keys).keys if key.key_id == head.get("kid")]
        if head.get("alg") not in ALGORITHMS or len(found) != 1:
            raise NotSignedIn("The sign-in service is not believed: no key of its signed the token.")
        return jwt.decode(token, found[0], algorithms=[head["alg"]], options=_SIGNATURE_ONLY)
    except jwt.PyJWTError as error:
        raise NotSignedIn("The sign-in service is not believed: no key of its signed the token.") from error


_SIGNATURE_ONLY: Any = {
    "verify_signature": True, "verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False,
    "verify_iss": False, "verify_sub": False, "verify_jti": False,
}  # fmt: skip


async def _known(machine: Machine, by: SignIn, claims: dict[str, Any]) -> str:
    """Who it is here. What an admin wrote down stands; everybody else is what their groups are, each time anew."""
    person = spelled(name_in(claims, by))
    if not person or person in TAKEN:
        raise NotSignedIn(f"The sign-in service does not vouch for a name: it says no {by.name_claim}.")
    groups, now = groups_in(claims, by), machine.clock()
    roles, limits = by.roles_of(groups), by.limits_of(groups)
    async with transaction(machine.pool) as sql:
        there = await people.one(sql, person)
        if there is not None and not there["from_directory"]:
            return person
        changed = await people.from_directory(sql, person, roles=roles, legal_entities=limits, now=now)
        if changed:
            said = {"roles": roles, "legal_entities": limits, "groups": groups}
            action = "add person" if there is None else "change person"
            await journal.note(sql, actor="sign-in service", action=action, object_=f"person {person}", detail=said,
                               now=now)  # fmt: skip
    if not roles:
        raise NotSignedIn(f"{person} is in no group that has a role here. Ask an admin.")
    return person


async def _json(machine: Machine, request: Request) -> dict[str, Any]:
    try:
        raw = await machine.firms.transport.exchange(request)
        said = exact.loads(raw.body) if raw.status == 200 else None
    except (NotSent, Lost) as error:
        raise NotSignedIn("The sign-in service does not answer. Try again in a few minutes.") from error
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise NotSignedIn("The sign-in service refused, or answered what is not understood.")
    return said
