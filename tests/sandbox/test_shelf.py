"""The shelf: what is on it stays on it, and is counted."""

from pathlib import Path

import pytest

from throughline.sandbox.shelf import Shelf


def test_records_counts_and_sequences_survive_a_restart(tmp_path: Path) -> None:
    before = Shelf(tmp_path / "deep" / "crm.sqlite")
    before.create("account", "a2", {"name": "second"})
    before.create("account", "a1", {"name": "first"})
    before.update("account", "a1", {"name": "first, changed"})
    before.create("contact", "c1", {})
    before.delete("contact", "c1")
    numbers = [before.next("invoice", first=100), before.next("invoice", first=100)]
    before.close()

    after = Shelf(tmp_path / "deep" / "crm.sqlite")

    assert numbers == [100, 101]
    assert list(after.all("account").items()) == [("a2", {"name": "second"}), ("a1", {"name": "first, changed"})]
    assert after.get("contact", "c1") is None
    assert after.kinds() == ["account"]
    assert {kind: dict(verbs) for kind, verbs in after.counters.items()} == {
        "account": {"created": 2, "updated": 1},
        "contact": {"created": 1, "deleted": 1},
    }
    assert after.next("invoice", first=100) == 102
    after.close()


def test_creating_twice_and_changing_nothing_are_refused() -> None:
    shelf = Shelf()
    shelf.create("account", "a1", {"name": "first"})

    with pytest.raises(KeyError, match="account a1 is there already"):
        shelf.create("account", "a1", {"name": "again"})
    with pytest.raises(KeyError, match="account a2 is not there"):
        shelf.update("account", "a2", {})

    assert shelf.get("account", "a1") == {"name": "first"}
    assert dict(shelf.counters["account"]) == {"created": 1}
    shelf.close()


def test_clearing_leaves_nothing_for_the_next_start(tmp_path: Path) -> None:
    before = Shelf(tmp_path / "crm.sqlite")
    before.create("account", "a1", {})
    before.next("invoice")
    before.clear()
    before.close()

    after = Shelf(tmp_path / "crm.sqlite")

    assert after.kinds() == []
    assert after.counters == {}
    assert after.next("invoice") == 1
    after.close()


def test_seeding_is_not_counted(tmp_path: Path) -> None:
    before = Shelf(tmp_path / "crm.sqlite")
    before.create("account", "a1", {})
    before.forget_counts()
    before.close()

    after = Shelf(tmp_path / "crm.sqlite")

    assert after.counters == {}
    assert after.kinds() == ["account"]
    after.close()
