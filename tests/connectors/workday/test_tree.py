"""XML from outside is read so that it can do no harm, and a worker that says less than usual is no error."""

from datetime import UTC, datetime

import pytest

from throughline.connectors.workday import shapes, tree

BOMB = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def test_an_element_is_known_by_its_local_name() -> None:
    root = tree.read('<x:a xmlns:x="urn:x"><x:b x:kind="k"> said </x:b><x:b/></x:a>')

    assert root.says("b") == "said"
    assert [each.attributes for each in root.all("b")] == [{"kind": "k"}, {}]


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        "<a>&unknown;</a>",
        "<a><b></a>",
        "",
        "<a/><b/>",
        "\x00",
        "\ud800",
        "<a>" * 70 + "</a>" * 70,
    ],
)
def test_anything_else_is_unclear(text: str) -> None:
    with pytest.raises(tree.Unclear):
        tree.read(text)


def test_too_many_elements_are_unclear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MOST", 10)

    with pytest.raises(tree.Unclear, match="10 elements"):
        tree.read(f"<a>{'<b/>' * 10}</a>")


@pytest.mark.parametrize("shape", [shapes.worker, shapes.organization, shapes.cost_centre])
def test_an_element_that_says_nothing_becomes_a_record_that_says_nothing(shape: object) -> None:
    record = shape(tree.read("<Worker/>"), NOW)  # type: ignore[operator] - one of three functions

    assert record["wid"] is None
    assert record["active"] is None
