"""The tree is RFC 6962's: by its test vectors, by its definitions, and for every shape there is."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.core import merkle
from throughline.core.merkle import EMPTY, Frontier, Span

# The vectors of the reference implementation (certificate-transparency, merkle_tree_test).
VECTORS = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
PATHS = {
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
}
SIZES = st.integers(1, 200)


def hashed(size: int) -> list[bytes]:
    return [merkle.leaf_hash(b"%d" % n) for n in range(size)]


def mth(hashes: list[bytes]) -> bytes:
    """MTH as RFC 6962 defines it, word by word."""
    if not hashes:
        return EMPTY
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return merkle.node_hash(mth(hashes[:k]), mth(hashes[k:]))


def grown(hashes: list[bytes]) -> Frontier:
    tree = Frontier()
    for each in hashes:
        tree.append(each)
    return tree


def roots(hashes: list[bytes], spans: list[Span]) -> list[bytes]:
    return [mth(hashes[span.first : span.end]) for span in spans]


def test_the_vectors_of_the_reference_implementation_hold() -> None:
    hashes = [merkle.leaf_hash(each) for each in VECTORS]

    assert [grown(hashes[:n]).root().hex() for n in range(9)] == list(ROOTS)
    for (leaf, size), path in PATHS.items():
        assert tuple(each.hex() for each in roots(hashes[:size], merkle.inclusion(leaf, size))) == path


@given(SIZES)
def test_a_tree_that_grew_has_the_root_of_the_definition(size: int) -> None:
    hashes = hashed(size)

    assert grown(hashes).root() == mth(hashes)


@given(SIZES, st.data())
def test_every_leaf_is_proved_and_no_other_by_its_path(size: int, data: st.DataObject) -> None:
    hashes, leaf = hashed(size), data.draw(st.integers(0, size - 1))
    path, root = roots(hashes, merkle.inclusion(leaf, size)), mth(hashes)

    assert merkle.is_included(hashes[leaf], leaf, size=size, path=path, root=root)
    assert not merkle.is_included(merkle.leaf_hash(b"x"), leaf, size=size, path=path, root=root)
    assert not merkle.is_included(hashes[leaf], leaf, size=size, path=[*path, root], root=root)
    assert not merkle.is_included(hashes[leaf], size, size=size, path=path, root=root)
    if path:
        assert not merkle.is_included(hashes[leaf], leaf, size=size, path=path[:-1], root=root)
        assert not merkle.is_included(hashes[leaf], leaf ^ 1, size=size, path=path, root=root)


@given(SIZES, st.data())
def test_growth_is_proved_and_a_rewritten_past_is_not(size: int, data: st.DataObject) -> None:
    hashes, before = hashed(size), data.draw(st.integers(1, size))
    old, new = mth(hashes[:before]), mth(hashes)
    path = roots(hashes, merkle.consistency(before, size))
    forged = [merkle.leaf_hash(b"forged"), *hashes[1:]]
    forged_path = roots(forged, merkle.consistency(before, size))

    assert merkle.is_consistent(before, size, old=old, new=new, path=path)
    assert not merkle.is_consistent(before, size, old=old, new=mth(forged), path=forged_path)
    assert not merkle.is_consistent(before, size, old=old, new=new, path=[*path, new])
    if path:
        assert not merkle.is_consistent(before, size, old=old, new=new, path=path[:-1])


@given(st.integers(0, 5_000), st.integers(1, 5_000))
def test_a_span_is_made_of_complete_subtrees_without_a_gap(first: int, length: int) -> None:
    parts = list(merkle.complete(Span(first, first + length)))

    edges = [(number << level, (number + 1) << level) for level, number in parts]
    assert (edges[0][0], edges[-1][1]) == (first, first + length)
    assert all(one[1] == other[0] for one, other in pairwise(edges))


@given(SIZES, st.data())
def test_a_tree_of_subtrees_is_the_tree_of_their_leaves(size: int, data: st.DataObject) -> None:
    hashes = hashed(size)
    first = data.draw(st.integers(0, size))
    tree = Frontier()
    for part in (Span(0, first), Span(first, size)):
        for level, number in merkle.complete(part):
            tree.append(mth(hashes[number << level : (number + 1) << level]), level)

    assert (tree.size, tree.root()) == (size, mth(hashes))


@pytest.mark.parametrize(("leaf", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_what_is_not_in_a_tree_has_no_path(leaf: int, size: int) -> None:
    with pytest.raises(ValueError, match="is not in a tree"):
        merkle.inclusion(leaf, size)


@pytest.mark.parametrize(("before", "size"), [(0, 3), (4, 3)])
def test_a_tree_begins_with_none_that_is_empty_or_larger(before: int, size: int) -> None:
    with pytest.raises(ValueError, match="does not begin"):
        merkle.consistency(before, size)
