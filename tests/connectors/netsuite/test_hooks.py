"""What NetSuite's user-event script tells us, as its simulator signs it."""

import pytest

from throughline.connectors.netsuite import hooks

BODY = b'{"id": "n-1", "recordType": "customer", "recordId": "501", "operation": "edit", "actor": "someone"}'


@pytest.mark.parametrize(
    ("record_type", "kind"),
    [
        ("customer", "customer"),
        ("salesOrder", "contract"),
        ("invoice", "invoice"),
        ("creditMemo", "credit_memo"),
        ("customerPayment", "payment"),
    ],
)
def test_a_notice_says_which_record_and_who(record_type: str, kind: str) -> None:
    (notice,) = hooks.receive({}, BODY.replace(b"customer", record_type.encode())).notices

    assert (notice.id, notice.kind, notice.key, notice.author) == ("n-1", kind, "501", "someone")
    assert notice.record is None


@pytest.mark.parametrize(("said", "instead"), [(b"customer", b"journalEntry"), (b"edit", b"delete")])
def test_what_is_listed_as_ignored_is_ignored(said: bytes, instead: bytes) -> None:
    assert hooks.receive({}, BODY.replace(said, instead)).notices == ()


@pytest.mark.parametrize(("said", "instead"), [(b"customer", b"vendorBill"), (b"edit", b"approve")])
def test_what_nobody_listed_is_not_ignored(said: bytes, instead: bytes) -> None:
    with pytest.raises((ValueError, KeyError)):
        hooks.receive({}, BODY.replace(said, instead))
