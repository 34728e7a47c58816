"""The contract suite finds what is broken: each check is seen to fail on a connector broken in just that way."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from throughline.core.connector import (
    Absent,
    Answer,
    Connector,
    Credentials,
    Expired,
    Fine,
    Http,
    Notice,
    Page,
    Received,
    Refused,
    Sent,
    Throttled,
    Token,
    TokenRequest,
    Unwell,
    Verdict,
    Where,
)
from throughline.core.entities import Contract, Customer, Opportunity, Project
from throughline.core.forms import Amount, Choice, Record, Ref
from throughline.core.lists import Line, Lines
from throughline.core.mapping import Mapping, Row, Rung
from throughline.testing.contract import CHECKS, Broken, Delivery, Subject

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
BODY = b'{"id": "n1", "key": "7"}'
PROOF = "v1=" + hmac.new(b"a hook secret", BODY, hashlib.sha256).hexdigest()
STAGES = Choice({"Open": "prospecting", "Won": "won"})
CUSTOMER = Mapping(
    Customer,
    resource="clients",
    key="id",
    changed="updated_at",
    id_field="our_id",
    rung=Rung.UPSERT,
    rows=(Row("name", "name"), Row("parent", "parent.id", Ref("customer"))),
)
DEAL = Mapping(
    Opportunity,
    resource="deals",
    key="id",
    rung=Rung.MARKER,
    rows=(
        Row("name", "title"),
        Row("stage", "stage", STAGES),
        Row("amount", "amount", Amount(currency="currency")),
        Row("lines", "lines", Lines((Line("key", "key"), Line("amount", "price", Amount(currency="currency"))))),
    ),
)
PROJECT = Mapping(
    Project, resource="jobs", key="id", rung=Rung.NATURAL_KEY, natural_key=("name",), rows=(Row("name", "name"),)
)
CONTRACT = Mapping(
    Contract,
    resource="deeds",
    key="id",
    rung=Rung.IDEMPOTENCY_KEY,
    key_window_seconds=86_400,
    after_window=Rung.MARKER,
    rows=(Row("name", "name"),),
)


def ask(credentials: Credentials, _now: datetime) -> TokenRequest | Token:
    return TokenRequest("/token", {"secret": credentials.secrets["token"]})


def read_token(answer: Answer, _now: datetime) -> Token:
    return Token(headers={"Authorization": answer.text})


def judge(answer: Answer) -> Verdict:
    why = f"status {answer.status}"
    if answer.status < 300:
        return Fine()
    if answer.status >= 500:
        return Unwell(why)
    return {401: Expired(why), 404: Absent(why), 429: Throttled()}.get(answer.status, Refused(why))


async def changes(_http: Http, _mapping: Mapping, since: str | None) -> AsyncIterator[Page]:
    yield Page([], since)


async def find(http: Http, mapping: Mapping, where: Where) -> list[Record]:
    name = str(where.fields.get("name", ""))
    answer = await http.call("GET", f"/{mapping.resource}", params={"mark": where.marker or "", "name": name})
    return answer.body


async def put(http: Http, mapping: Mapping, sent: Sent) -> str:
    path = f"/{mapping.resource}/{sent.key or f'our_id:{sent.id}'}"
    headers = {"Mark": sent.marker, "Idempotency-Key": sent.idempotency_key or ""}
    answer = await http.call("PUT", path, json=sent.record, headers=headers)
    return str(answer.body["id"])


def receive(_headers: Dict[str, str], body: bytes) -> Received:
    import json

    try:
        said = json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return Received((Notice(str(said["id"]), "customer", str(said["key"])),))


def signed(credentials: Credentials, headers: Dict[str, str], body: bytes, _now: datetime) -> bool:
    secret = credentials.secrets.get("hook", "")
    wanted = "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = headers.get("x-proof", "").encode("utf-8", "replace")
    return bool(secret) and hmac.compare_digest(wanted.encode(), given)


GOOD = Connector(
    name="good",
    mappings=(CUSTOMER, DEAL, PROJECT, CONTRACT),
    judge=judge,
    ask=ask,
    read_token=read_token,
    changes=changes,
    find=find,
    put=put,
    receive=receive,
    signed=signed,
)


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    readme = tmp_path / "README.md"
    readme.write_text("# Good\n\n## Scopes\n\nread\n\n## Limits\n\nnone\n\n## Surprises\n\nnone\n", encoding="utf-8")
    return Subject(
        connector=GOOD,
        credentials=Credentials(
            secrets={"token": "a token of ours", "hook": "a hook secret"}, settings={}, url="https://good.example"
        ),
        readme=readme,
        delivery=Delivery({"x-proof": PROOF, "x-other": "1"}, BODY, AT, signed_by=("x-proof",)),
    )


def broken(subject: Subject, **parts: Any) -> Subject:
    return replace(subject, connector=replace(subject.connector, **parts))


def failing(subject: Subject) -> dict[str, str]:
    """The checks that the subject does not pass, and what they say."""
    found: dict[str, str] = {}
    for check in CHECKS:
        try:
            check(subject)
        except Broken as error:
            found[check.__name__] = str(error)
    return found


def test_a_good_connector_passes_every_check(subject: Subject) -> None:
    assert failing(subject) == {}


# One way to be broken each: the check that must find it, what it says, and how it is broken.


@dataclass(frozen=True)
class Shouted:
    """A form that hides a function in a table."""

    how: Callable[[str], str] = str.upper

    def read(self, value: Any, _record: Record, _names: Any) -> Any:
        return self.how(str(value))

    def write(self, value: Any, _fields: Dict[str, Any], _names: Any) -> Any:
        return value


@dataclass(frozen=True)
class Careless:
    """A form that trusts what it is told."""

    def read(self, value: Any, _record: Record, _names: Any) -> Any:
        return value["text"]

    def write(self, value: Any, _fields: Dict[str, Any], _names: Any) -> Any:
        return {"text": value}


def customer(**parts: Any) -> tuple[Mapping, ...]:
    return (replace(CUSTOMER, **parts), DEAL)


async def forgetful_put(http: Http, mapping: Mapping, sent: Sent) -> str:
    return str((await http.call("POST", f"/{mapping.resource}", json=sent.record)).body["id"])


async def forgetful_find(http: Http, mapping: Mapping, _where: Where) -> list[Record]:
    return (await http.call("GET", f"/{mapping.resource}")).body


async def keyless_put(http: Http, mapping: Mapping, sent: Sent) -> str:
    return await put(http, mapping, replace(sent, idempotency_key=None))


async def unmarked_find(http: Http, mapping: Mapping, where: Where) -> list[Record]:
    return await find(http, mapping, replace(where, marker=None))


def unsure(answer: Answer) -> Verdict:
    return judge(answer) if answer.body != {"error": None} else Refused(answer.body["error"].lower())


def forgiving(status: int, verdict: Verdict) -> Callable[[Answer], Verdict]:
    return lambda answer: verdict if answer.status == status else judge(answer)


def trusting(_credentials: Credentials, _headers: Dict[str, str], _body: bytes, _now: datetime) -> bool:
    return True


def suspicious(_credentials: Credentials, _headers: Dict[str, str], _body: bytes, _now: datetime) -> bool:
    return False


def half_signed(credentials: Credentials, headers: Dict[str, str], body: bytes, now: datetime) -> bool:
    return signed(credentials, {"x-proof": headers.get("x-proof", "").lower()}, body, now)


def raising(credentials: Credentials, headers: Dict[str, str], body: bytes, now: datetime) -> bool:
    return signed(credentials, {"x-proof": headers["x-proof"]}, body, now)


def naive(_headers: Dict[str, str], body: bytes) -> Received:
    return Received() if body.decode("latin-1").index("{") else Received((Notice("1", "customer", b"7"),))  # type: ignore[arg-type] - broken on purpose


def exploding(_headers: Dict[str, str], body: bytes) -> Received:
    raise AttributeError(body)


def in_the_path(credentials: Credentials, _now: datetime) -> TokenRequest:
    return TokenRequest(f"/token?secret={credentials.secrets['token']}", {})


def complaining(credentials: Credentials, now: datetime) -> TokenRequest | Token:
    if credentials.secrets["token"] != "a token of ours":
        raise ValueError(f"{credentials.secrets['token']} is no token")
    return ask(credentials, now)


LINES = Row("lines", "lines", Lines((Line("key", "key"), Line("colour", "colour"))))
WAYS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("tables_are_data", "behaviour belongs into api.py", {"mappings": customer(rows=(Row("name", "n", Shouted()),))}),
    ("rows_name_real_fields", "no field colour", {"mappings": (replace(DEAL, rows=(LINES,)),), "changes": None}),
    ("rows_name_real_fields", "read twice", {"mappings": customer(rows=(Row("name", "a"), Row("name", "b")))}),
    ("rows_name_real_fields", "written twice", {"mappings": customer(rows=(Row("name", "a"), Row("city", "a")))}),
    ("rows_name_real_fields", "two mappings", {"mappings": (CUSTOMER, CUSTOMER)}),
    ("what_is_written_is_read_back", "read back as", {"mappings": customer(rows=(Row("name", "n", Shouted()),))}),
    (
        "what_is_written_is_read_back",
        "none the entity has",
        {"mappings": (replace(DEAL, rows=(Row("stage", "s", Choice({"Mine": "mine"})),)),), "changes": None},
    ),
    ("nonsense_is_unread", "raised", {"mappings": customer(rows=(Row("name", "name", Careless()),))}),
    ("abilities_fit_together", "one without the other", {"changes": None}),
    ("abilities_fit_together", "taken from anybody", {"signed": None}),
    ("abilities_fit_together", "no `read_token`", {"read_token": None}),
    ("rungs_are_true", "cannot put", {"put": None}),
    ("rungs_are_true", "cannot find", {"find": None}),
    ("rungs_are_true", "first request of put lacks", {"put": forgetful_put}),
    ("rungs_are_true", "find does not look for it", {"find": forgetful_find}),
    ("rungs_are_true", "give the mapping an `id_field`", {"mappings": customer(id_field=None)}),
    ("rungs_are_true", "find does not look", {"mappings": (CUSTOMER, PROJECT), "find": forgetful_find}),
    ("rungs_are_true", "the effect's idempotency_key", {"mappings": (CUSTOMER, CONTRACT), "put": keyless_put}),
    (
        "rungs_are_true",
        "contract declares rung B, and find does not look",
        {"mappings": (CUSTOMER, CONTRACT), "find": unmarked_find},
    ),
    (
        "unknown_outcomes_settle",
        "contract settles after 60 s, and may appear after 60 s",
        {"mappings": (CUSTOMER, replace(CONTRACT, late_seconds=20, lag_seconds=15))},
    ),
    ("judge_is_total", "judge raised", {"judge": unsure}),
    ("judge_is_total", "no verdict", {"judge": forgiving(409, None)}),  # type: ignore[arg-type] - broken on purpose
    ("judge_is_total", "no reason", {"judge": forgiving(409, Refused(""))}),
    ("judge_is_sensible", "bare 429", {"judge": forgiving(429, Refused("too fast"))}),
    ("judge_is_sensible", "bare 401", {"judge": forgiving(401, Refused("who?"))}),
    ("judge_is_sensible", "bare 404", {"judge": forgiving(404, Fine())}),
    ("judge_is_sensible", "bare 403", {"judge": forgiving(403, Fine())}),
    ("judge_is_sensible", "bare 503", {"judge": forgiving(503, Refused("later"))}),
    ("judge_is_sensible", "sent twice", {"judge": forgiving(500, Unwell("oh", nothing_happened=True))}),
    ("receive_is_calm", "receive raised", {"receive": exploding}),
    ("receive_is_calm", "not text", {"receive": naive}),
    ("signed_takes_the_true_one", "refuses the true", {"signed": suspicious}),
    ("signed_takes_the_true_one", "another secret", {"signed": trusting}),
    ("signed_refuses_every_flipped_bit", "a body with one bit", {"signed": trusting}),
    ("signed_refuses_every_flipped_bit", "x-proof with one bit", {"signed": half_signed}),
    ("signed_is_total", "signed raised", {"signed": raising}),
    ("signed_is_total", "without x-proof", {"signed": trusting}),
    ("ask_keeps_secrets", "outside the form", {"ask": in_the_path}),
    ("ask_keeps_secrets", "in its error", {"ask": complaining}),
)


@pytest.mark.parametrize(("check", "says", "parts"), WAYS, ids=[f"{check}: {says}" for check, says, _ in WAYS])
def test_a_broken_connector_is_found(subject: Subject, check: str, says: str, parts: dict[str, Any]) -> None:
    assert says in failing(broken(subject, **parts)).get(check, "nothing was found")


def test_a_key_that_is_sent_instead_of_signing_is_found(subject: Subject) -> None:
    credentials = replace(subject.credentials, secrets={"token": "-----BEGIN KEY-----", "hook": "a hook secret"})

    assert "a key signs" in failing(replace(subject, credentials=credentials))["ask_keeps_secrets"]


def test_a_readme_without_a_section_is_found(subject: Subject) -> None:
    subject.readme.write_text("# Good\n\n## Scopes\n\nread\n\n## Limits\n\n## Surprises\n\nnone\n", encoding="utf-8")

    assert "## Limits" in failing(subject)["readme_says_what_matters"]


def test_a_webhook_without_a_true_delivery_to_try_is_found(subject: Subject) -> None:
    assert "give the suite a `delivery`" in failing(replace(subject, delivery=None))["abilities_fit_together"]


def test_every_check_was_seen_to_fail() -> None:
    seen = {check for check, _, _ in WAYS} | {"readme_says_what_matters"}

    assert seen == {check.__name__ for check in CHECKS}
