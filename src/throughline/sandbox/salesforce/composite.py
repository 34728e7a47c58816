"""Several calls in one: `composite`, whose parts refer to each other, and `composite/batch`, whose parts do not."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from throughline.sandbox.salesforce.address import addressed
from throughline.sandbox.salesforce.org import Transaction
from throughline.sandbox.salesforce.wire import Answer, Call, Refused

type Send = Callable[[Call], Answer]


class Dispatch(Protocol):
    def __call__(self, call: Call, tx: Transaction) -> Answer: ...


MOST = 25
_REFERENCE = re.compile(r"@\{([^}]+)\}")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_HALTED = "The transaction was rolled back since another operation in the same transaction failed."


def composite(dispatch: Dispatch, call: Call, tx: Transaction) -> Answer:
    body = call.fields()
    parts, start = _parts(body, "compositeRequest"), tx.mark()
    together = body.get("allOrNone") is True
    bodies, responses = dict[str, Any](), list[dict[str, Any]]()
    for part in parts:
        answer = _answered(partial(dispatch, tx=tx) if together else partial(_alone, dispatch, tx), part, bodies)
        if answer.status < 300:
            bodies[part["referenceId"]] = answer.body
        responses.append(_response(part, answer))
        if together and answer.status >= 300:
            tx.back_to(start)
            rest = [_response(each, Answer(400)) for each in parts[len(responses) :]]
            responses = [*map(_halted, responses[:-1]), responses[-1], *map(_halted, rest)]
            break
    return Answer(200, {"compositeResponse": responses})


def batch(dispatch: Dispatch, call: Call, tx: Transaction) -> Answer:
    body = call.fields()
    results = list[dict[str, Any]]()
    for part in _parts(body, "batchRequests"):
        if body.get("haltOnError") is True and _failed(results):
            answer = Refused(412, "BATCH_PROCESSING_HALTED", "Batch processing halted as per request").answer()
        else:
            url = "/services/data/" + str(part.get("url", "")).removeprefix("/services/data").lstrip("/")
            answer = _sent(partial(_alone, dispatch, tx), part | {"url": url, "body": part.get("richInput")})
        results.append({"statusCode": answer.status, "result": answer.body})
    return Answer(200, {"hasErrors": _failed(results), "results": results})


def _failed(results: list[dict[str, Any]]) -> bool:
    return any(result["statusCode"] >= 400 for result in results)


def _alone(dispatch: Dispatch, outer: Transaction, call: Call) -> Answer:
    """A subrequest that stands or falls by itself."""
    tx = outer.org.begin(outer.user)
    answer = dispatch(call, tx)
    tx.commit()
    return answer


def _parts(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    parts = body.get(name)
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        raise Refused(400, "INVALID_INPUT", f"The body needs a list {name} with at least one subrequest")
    if len(parts) > MOST:
        raise Refused(400, "LIMIT_EXCEEDED", f"There are {len(parts)} subrequests; at most {MOST} are allowed")
    names = {each for part in parts if isinstance(each := part.get("referenceId"), str) and each}
    if name == "compositeRequest" and len(names) < len(parts):
        raise Refused(400, "INVALID_INPUT", "Each subrequest needs a referenceId of its own")
    return parts


def _answered(send: Send, part: dict[str, Any], bodies: dict[str, Any]) -> Answer:
    try:
        resolved = {name: _resolved(part.get(name), bodies) for name in ("url", "body")}
    except Refused as refused:
        return refused.answer()
    return _sent(send, part | resolved)


def _sent(send: Send, part: dict[str, Any]) -> Answer:
    given = part.get("httpHeaders")
    headers = {name.lower(): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
    try:
        return send(addressed(str(part.get("method", "")).upper(), str(part.get("url", "")), headers, part.get("body")))
    except Refused as refused:
        return refused.answer()


def _resolved(value: Any, bodies: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: _resolved(each, bodies) for name, each in value.items()}
    if isinstance(value, list):
        return [_resolved(each, bodies) for each in value]
    if not isinstance(value, str):
        return value
    if whole := _REFERENCE.fullmatch(value):
        return _followed(whole.group(1), bodies)
    return _REFERENCE.sub(lambda found: str(_followed(found.group(1), bodies)), value)


def _followed(reference: str, bodies: dict[str, Any]) -> Any:
    name, _, path = reference.partition(".")
    try:
        value: Any = bodies[name]
        for step in _STEP.finditer(path):
            value = value[int(step.group(2))] if step.group(2) else value[step.group(1)]
    except (KeyError, IndexError, TypeError) as error:
        message = f"Invalid reference specified. No value for {reference} found in {name}"
        raise Refused(400, "PROCESSING_HALTED", message) from error
    return value


def _response(part: dict[str, Any], answer: Answer) -> dict[str, Any]:
    return {
        "body": answer.body,
        "httpHeaders": dict(answer.headers),
        "httpStatusCode": answer.status,
        "referenceId": part["referenceId"],
    }


def _halted(response: dict[str, Any]) -> dict[str, Any]:
    body = Refused(400, "PROCESSING_HALTED", _HALTED).answer().body
    return response | {"body": body, "httpHeaders": {}, "httpStatusCode": 400}
