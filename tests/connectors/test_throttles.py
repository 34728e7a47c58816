"""Too fast is said in many ways, few of them 429: each is known for what it is, and nothing else is taken for it."""

from datetime import timedelta
from typing import Any

import pytest

from throughline.connectors.kantata import CONNECTOR as KANTATA
from throughline.connectors.netsuite import CONNECTOR as NETSUITE
from throughline.connectors.salesforce import CONNECTOR as SALESFORCE
from throughline.connectors.slack import CONNECTOR as SLACK
from throughline.connectors.workday import CONNECTOR as WORKDAY
from throughline.core.connector import (
    Answer,
    Connector,
    Expired,
    Fine,
    Refused,
    Throttled,
    Unwell,
    Verdict,
    retry_after,
)

SOAP_FAULT = (
    "<soapenv:Envelope><soapenv:Body><soapenv:Fault><detail><ns2:exceededConcurrentRequestLimitFault>"
    "<ns2:code>WS_REQUEST_BLOCKED</ns2:code></ns2:exceededConcurrentRequestLimitFault></detail></soapenv:Fault>"
)


def workday(code: str, message: str) -> str:
    return (
        '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body><env:Fault>'
        f"<faultcode>SOAP-ENV:{code}</faultcode><faultstring>{message}</faultstring>"
        "</env:Fault></env:Body></env:Envelope>"
    )


def sf(code: str, message: str = "") -> list[dict[str, Any]]:
    return [{"message": message, "errorCode": code}]


def composite(*codes: str | None) -> list[dict[str, Any]]:
    errors = [[{"statusCode": code, "message": "", "fields": []}] if code else [] for code in codes]
    return [{"success": not each, "errors": each} for each in errors]


def problem(code: str) -> dict[str, Any]:
    return {"title": "x", "status": 400, "o:errorDetails": [{"detail": "x", "o:errorCode": code}]}


@pytest.mark.parametrize(
    ("connector", "status", "body", "after"),
    [
        (SALESFORCE, 403, sf("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."), None),
        (SALESFORCE, 403, sf("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), timedelta(minutes=5)),
        (SALESFORCE, 200, composite("REQUEST_LIMIT_EXCEEDED", "REQUEST_LIMIT_EXCEEDED"), None),
        (NETSUITE, 429, problem("CONCURRENCY_LIMIT_EXCEEDED"), None),
        (NETSUITE, 400, problem("SSS_REQUEST_LIMIT_EXCEEDED"), None),
        (NETSUITE, 400, {"error": {"code": "SSS_REQUEST_LIMIT_EXCEEDED", "message": "x"}}, None),
        (NETSUITE, 500, SOAP_FAULT, None),
        (NETSUITE, 200, SOAP_FAULT, None),
        (KANTATA, 429, None, None),
        (SLACK, 429, {"ok": False, "error": "ratelimited"}, None),
        (SLACK, 200, {"ok": False, "error": "ratelimited"}, None),
        (SLACK, 200, {"ok": False, "error": "rate_limited"}, None),
        (WORKDAY, 429, {"error": "too many requests"}, None),
        (WORKDAY, 500, workday("Server.processingError", "Too many requests."), None),
    ],
)
def test_a_throttle_is_known_in_every_disguise(
    connector: Connector, status: int, body: Any, after: timedelta | None
) -> None:
    text = body if isinstance(body, str) else ""

    assert connector.judge(Answer(status, {}, None if text else body, text)) == Throttled(after)


@pytest.mark.parametrize("connector", [SALESFORCE, NETSUITE, KANTATA, SLACK, WORKDAY], ids=lambda each: each.name)
def test_how_long_they_said_is_how_long_we_wait(connector: Connector) -> None:
    assert connector.judge(Answer(429, {"retry-after": "17"}, None)) == Throttled(timedelta(seconds=17))


@pytest.mark.parametrize(
    ("connector", "status", "body", "meant"),
    [
        (SALESFORCE, 200, composite("REQUEST_LIMIT_EXCEEDED", None), Fine),
        (SALESFORCE, 200, [], Fine),
        (SALESFORCE, 403, sf("INSUFFICIENT_ACCESS"), Refused),
        (NETSUITE, 400, problem("USER_ERROR"), Refused),
        (NETSUITE, 500, "<html>WS is down</html>", Unwell),
        (SLACK, 200, {"ok": False, "error": "channel_not_found"}, Refused),
        (WORKDAY, 500, workday("Client.validationError", "Invalid ID value."), Refused),
        (WORKDAY, 500, workday("Client.authenticationError", "invalid username or password"), Expired),
        (WORKDAY, 500, workday("Server.processingError", "Internal error"), Unwell),
        (WORKDAY, 200, workday("Server.processingError", "Internal error"), Unwell),
        (WORKDAY, 200, "<html>Workday is currently unavailable.</html>", Unwell),
    ],
)
def test_nothing_else_is_taken_for_one(connector: Connector, status: int, body: Any, meant: type[Verdict]) -> None:
    text = body if isinstance(body, str) else ""

    assert isinstance(connector.judge(Answer(status, {}, None if text else body, text)), meant)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ({"retry-after": "Fri, 20 Nov 2026 12:00:30 GMT", "date": "Fri, 20 Nov 2026 12:00:00 GMT"}, 30),
        ({"retry-after": "Fri, 20 Nov 2026 11:00:00 GMT", "date": "Fri, 20 Nov 2026 12:00:00 GMT"}, 0),
        ({"retry-after": "Fri, 20 Nov 2099 12:00:00 GMT", "date": "Fri, 20 Nov 2026 12:00:00 GMT"}, 86_400),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:30 GMT"}, None),
        ({"retry-after": "soon", "date": "Fri, 20 Nov 2026 12:00:00 GMT"}, None),
        ({"retry-after": "٣"}, None),
        ({}, None),
    ],
)
def test_a_moment_is_as_good_as_seconds_and_counted_by_their_clock(said: dict[str, str], seconds: int | None) -> None:
    assert retry_after(Answer(429, said, None)) == (None if seconds is None else timedelta(seconds=seconds))
