"""`subscriptions`, as somebody at a terminal uses it, on a database of one's own."""

import pytest

from tests.cli.conftest import Run
from throughline.cli.exits import Exit

URL = "https://reader.example/hook"


@pytest.fixture
def at(database_url: str) -> tuple[str, ...]:
    return ("--database-url", database_url)


def test_a_secret_is_shown_once(run: Run, at: tuple[str, ...]) -> None:
    made = run("subscriptions", "create", URL, "--types", "ProjectOpened", "--json", *at).document
    shown = run("subscriptions", "show", made["id"], *at)
    listed = run("subscriptions", "list", "--json", *at)

    assert made["secret"].startswith("whsec_")
    assert made["types"] == ["ProjectOpened"]
    assert [each["id"] for each in listed.document] == [made["id"]]
    assert URL in shown.out
    assert "whsec_" not in shown.out + listed.out


def test_paused_resumed_rotated_recovered_and_deleted(run: Run, at: tuple[str, ...]) -> None:
    made = run("subscriptions", "create", URL, "--json", *at).document

    for verb in ("pause", "resume", "deliveries", "delete"):
        assert run("subscriptions", verb, made["id"], *at).code == Exit.DONE, verb
    assert run("subscriptions", "show", made["id"], *at).code == Exit.FOUND


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "nonsense"])
def test_what_cannot_be_sent_to_is_refused(run: Run, at: tuple[str, ...], url: str) -> None:
    refused = run("subscriptions", "create", url, *at)

    assert refused.code == Exit.USAGE
    assert "https://" in refused.err


def test_only_what_is_remembered_can_be_recovered(run: Run, at: tuple[str, ...]) -> None:
    made = run("subscriptions", "create", URL, "--json", *at).document

    refused = run("subscriptions", "recover", made["id"], "2020-01-01T00:00:00", *at)

    assert refused.code == Exit.USAGE
    assert "35 days" in refused.err
