"""The log's tree against the published vectors of Certificate Transparency, and by properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledcal.calibration.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_holds,
    consistency_proof,
    inclusion_holds,
    inclusion_proof,
    leaf_hash,
    leaf_hashes,
    node_hash,
    root,
    whole_subtrees,
)

# The eight leaves of certificate-transparency's reference tests (merkletree/merkle_tree_test.cc),
# and the roots of their trees of 1 to 8 leaves.
LEAVES = [
    leaf_hash(bytes.fromhex(text))
    for text in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_the_published_ones(size: int) -> None:
    assert root(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root([]) == EMPTY_ROOT == bytes.fromhex(expected)


def test_proof_of_the_published_sixth_leaf() -> None:
    """RFC 9162, 2.1.5 draws this path for the tree of seven: the neighbours on the way up."""
    leaves = LEAVES[:7]
    assert inclusion_proof(3, leaves) == [leaves[2], root(leaves[:2]), root(leaves[4:])]
    assert inclusion_proof(6, leaves) == [node_hash(leaves[4], leaves[5]), root(leaves[:4])]
    assert consistency_proof(4, leaves) == [root(leaves[4:])]
    assert consistency_proof(3, leaves) == [
        *(leaves[2], leaves[3]),
        *(root(leaves[:2]), root(leaves[4:])),
    ]


sizes = st.integers(1, 70)


def _leaves(size: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(4, "big")) for number in range(size)]


@given(sizes, st.data())
def test_every_leaf_is_proven_and_no_other(size: int, data: st.DataObject) -> None:
    leaves = _leaves(size)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, leaves)
    assert inclusion_holds(index, size, leaves[index], proof, root(leaves))
    assert not inclusion_holds(index, size, leaf_hash(b"another"), proof, root(leaves))
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        assert not inclusion_holds(other, size, leaves[index], proof, root(leaves))
    assert not inclusion_holds(index, size, leaves[index], [*proof, root(leaves)], root(leaves))
    for cut in range(len(proof)):
        assert not inclusion_holds(index, size, leaves[index], proof[:cut], root(leaves))


@given(sizes, sizes, st.data())
def test_growth_is_proven_and_rewriting_is_not(one: int, two: int, data: st.DataObject) -> None:
    first, second = sorted((one, two))
    leaves = _leaves(second)
    proof = consistency_proof(first, leaves)
    before = root(leaves[:first])
    assert consistency_holds(first, second, before, root(leaves), proof)
    changed = data.draw(st.integers(0, first - 1))
    rewritten = [*leaves]
    rewritten[changed] = leaf_hash(b"rewritten")
    forged = consistency_proof(first, rewritten)
    assert not consistency_holds(first, second, before, root(rewritten), forged)
    for cut in range(len(proof)):
        assert not consistency_holds(first, second, before, root(leaves), proof[:cut])


@given(st.integers(0, 70))
def test_a_growing_edge_has_the_root_of_the_whole(size: int) -> None:
    edge = Frontier()
    for leaf in _leaves(size):
        edge.append(leaf)
    assert (edge.size, edge.root()) == (size, root(_leaves(size)))


def test_what_is_not_there_has_no_proof() -> None:
    with pytest.raises(IndexError, match="leaf 3 of a tree of 3"):
        inclusion_proof(3, LEAVES[:3])
    with pytest.raises(IndexError, match="earlier tree of 4 in a tree of 3"):
        consistency_proof(4, LEAVES[:3])
    assert not inclusion_holds(0, 0, LEAVES[0], [], root([]))
    assert not consistency_holds(0, 3, EMPTY_ROOT, root(LEAVES[:3]), [])
    assert not consistency_holds(2, 1, root(LEAVES[:2]), root(LEAVES[:1]), [])


@given(leaves=st.lists(st.binary(min_size=32, max_size=32), max_size=40), cut=st.integers(0, 40))
def test_a_tree_goes_on_from_its_edge(leaves: list[bytes], cut: int) -> None:
    begun = Frontier(leaves[:cut])
    resumed = Frontier.resumed(begun.size, begun.edge)
    for leaf in leaves[cut:]:
        resumed.append(leaf)
    assert (resumed.size, resumed.root()) == (len(leaves), root(leaves))


@given(spans=st.integers(0, 5), rest=st.integers(0, 8), count=st.integers(0, 8))
def test_many_leaves_at_once_make_the_tree_that_one_by_one_make(
    spans: int, rest: int, count: int
) -> None:
    leaves = leaf_hashes(number.to_bytes(4, "big") for number in range(8 * spans + rest))
    assert leaves == _leaves(8 * spans + rest)
    one_by_one, at_once = Frontier(), Frontier()
    for first in range(0, len(leaves), 8):
        span = leaves[first : first + 8]
        levels = whole_subtrees(span)
        part = min(count, len(span))
        assert at_once.root_after(levels, part) == root(leaves[: first + part])
        larger = [one for leaf in span for one in one_by_one.append(leaf)[3:]]
        assert at_once.extend(levels) == larger
        assert (at_once.size, at_once.edge) == (one_by_one.size, one_by_one.edge)


@pytest.mark.parametrize(("size", "edge"), [(1, b""), (2, bytes(64)), (3, bytes(63)), (-1, b"")])
def test_an_edge_that_is_none(size: int, edge: bytes) -> None:
    with pytest.raises(ValueError, match="are not the right edge of a tree"):
        Frontier.resumed(size, edge)
