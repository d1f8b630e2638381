"""The Merkle tree of a log (RFC 9162, section 2.1): roots and proofs over SHA-256.

Whoever kept an earlier root can tell that the log only grew since; whoever holds one entry can
tell that it is in the log, without the other entries.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Self

_HASH_LENGTH = 32
EMPTY_ROOT = sha256().digest()
"""Root of the log without an entry (RFC 9162, 2.1.1)."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry: SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Return the hash of each entry, as `leaf_hash` does."""
    hashed = []
    begun = sha256(b"\x00").copy
    for entry in entries:
        # A copy of what was begun is cheaper than a copy of the entry with a byte before it.
        one = begun()
        one.update(entry)
        hashed.append(one.digest())
    return hashed


def whole_subtrees(leaves: list[bytes]) -> list[list[bytes]]:
    """Return the roots of the whole subtrees over neighbouring leaves, the leaves first.

    Args:
        leaves: Hashes of entries that begin at a multiple of a power of two that is not smaller
            than their number.
    """
    levels = [leaves]
    while len(levels[-1]) > 1:
        # Two at a time; of an odd number the last has no neighbour yet. As `node_hash`, for many.
        ones = iter(levels[-1])
        pairs = zip(ones, ones, strict=False)
        levels.append([sha256(b"\x01" + left + right).digest() for left, right in pairs])
    return levels


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two neighbours: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: all that is needed to add entries and to tell the root.

    Attributes:
        size: How many leaves the tree has.
    """

    def __init__(self, leaves: Sequence[bytes] = ()) -> None:
        """Begin with some leaf hashes, or with none."""
        self.size = 0
        self._edge: list[bytes] = []
        for leaf in leaves:
            self.append(leaf)

    @classmethod
    def resumed(cls, size: int, edge: bytes) -> Self:
        """Go on with a tree of so many leaves, from the `edge` that it had.

        Raises:
            ValueError: No tree of that size has such an edge.
        """
        if size < 0 or len(edge) != _HASH_LENGTH * size.bit_count():
            raise ValueError(f"{len(edge)} bytes are not the right edge of a tree of {size}")
        frontier = cls()
        frontier.size = size
        frontier._edge = [edge[at : at + _HASH_LENGTH] for at in range(0, len(edge), _HASH_LENGTH)]
        return frontier

    @property
    def edge(self) -> bytes:
        """The roots of the whole subtrees, largest first: one for each one bit of the size."""
        return b"".join(self._edge)

    def append(self, leaf: bytes) -> list[bytes]:
        """Add the hash of one more entry; return the roots of the subtrees that it completes.

        The smallest comes first: that of the last two entries, of the last four, and so on.
        """
        return self._append(0, leaf)

    def extend(self, levels: Sequence[Sequence[bytes]]) -> list[bytes]:
        """Add many entries at once; return the roots of the larger subtrees that they complete.

        Args:
            levels: From `whole_subtrees`, of all entries behind those that the tree has.

        Returns:
            The smallest first: only those that the levels do not hold.
        """
        completed: list[bytes] = []
        for level, node in _edge(levels, len(levels[0])):
            completed.extend(self._append(level, node))
        return completed

    def root(self) -> bytes:
        """Return the root hash, 32 bytes."""
        return _folded(self._edge)

    def root_after(self, levels: Sequence[Sequence[bytes]], count: int) -> bytes:
        """Return what the root would be with the first of the entries that `extend` takes."""
        return _folded([*self._edge, *(node for _, node in _edge(levels, count))])

    def _append(self, level: int, subtree: bytes) -> list[bytes]:
        node, full = subtree, self.size >> level
        completed = []
        # Each one bit at the low end of the size is a whole subtree that now has its neighbour.
        while full & 1:
            node = node_hash(self._edge.pop(), node)
            completed.append(node)
            full >>= 1
        self._edge.append(node)
        self.size += 1 << level
        return completed


def _edge(levels: Sequence[Sequence[bytes]], count: int) -> Iterator[tuple[int, bytes]]:
    """Return level and root of the whole subtrees of the first leaves, largest first."""
    for level in reversed(range(count.bit_length())):
        if count >> level & 1:
            yield level, levels[level][(count >> level) - 1]


def _folded(edge: Sequence[bytes]) -> bytes:
    """Return the root over neighbouring subtrees, none smaller than those behind it."""
    if not edge:
        return EMPTY_ROOT
    node = edge[-1]
    for left in reversed(edge[:-1]):
        node = node_hash(left, node)
    return node


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes, 32 bytes."""
    return Frontier(leaves).root()


def inclusion_spans(index: int, size: int) -> list[tuple[int, int]]:
    """Return the spans of leaves whose roots are a leaf's inclusion proof (RFC 9162, 2.1.3.1).

    Args:
        index: Place of the leaf, from 0.
        size: Leaves of the tree.

    Returns:
        First leaf of each span and the one after its last, in the order of the proof.

    Raises:
        IndexError: There is no such leaf.
    """
    if not 0 <= index < size:
        raise IndexError(f"leaf {index} of a tree of {size}")
    spans: list[tuple[int, int]] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((first, middle))
            first = middle
    return spans[::-1]


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the hashes that lead from a leaf, from 0, to the root of all leaf hashes.

    Raises:
        IndexError: There is no such leaf.
    """
    return [root(leaves[first:end]) for first, end in inclusion_spans(index, len(leaves))]


def inclusion_holds(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], expected: bytes
) -> bool:
    """Tell whether a leaf is at its place in the tree of that root (RFC 9162, 2.1.3.2).

    Args:
        index: Place of the leaf, from 0.
        size: Leaves of the tree.
        leaf: The leaf's hash.
        proof: From `inclusion_proof`.
        expected: Root of the tree.
    """
    if not 0 <= index < size:
        return False
    place, last, node = index, size - 1, leaf
    for hashed in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = node_hash(hashed, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = node_hash(node, hashed)
        place, last = place >> 1, last >> 1
    return last == 0 and node == expected


def consistency_spans(first: int, size: int) -> list[tuple[int, int]]:
    """Return the spans whose roots show that a tree grew from its first leaves (2.1.4.1).

    Args:
        first: Leaves of the earlier tree.
        size: Leaves of the whole tree.

    Returns:
        First leaf of each span and the one after its last, in the order of the proof.

    Raises:
        IndexError: The earlier tree is empty or larger than the whole.
    """
    if not 0 < first <= size:
        raise IndexError(f"an earlier tree of {first} in a tree of {size}")
    spans: list[tuple[int, int]] = []
    begin, end, whole = 0, size, True
    while first != end:
        middle = begin + _split(end - begin)
        if first <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((begin, middle))
            begin, whole = middle, False
    # Whoever asks has the root of the earlier tree, when that is what is left.
    return [*([] if whole else [(begin, end)]), *spans[::-1]]


def consistency_proof(first: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the hashes that show that the tree of all leaf hashes grew from the first ones.

    Raises:
        IndexError: The earlier tree is empty or larger than the whole.
    """
    return [root(leaves[begin:end]) for begin, end in consistency_spans(first, len(leaves))]


def consistency_holds(
    first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether the second tree begins with all of the first (RFC 9162, 2.1.4.2).

    Args:
        first: Leaves of the earlier tree.
        second: Leaves of the later tree.
        first_root: Root of the earlier tree.
        second_root: Root of the later tree.
        proof: From `consistency_proof`.
    """
    if first == second:
        return not proof and first_root == second_root
    if not 0 < first < second or not proof:
        return False
    # An earlier tree that is one whole subtree is its own first hash.
    path = [first_root, *proof] if first & (first - 1) == 0 else [*proof]
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    earlier = later = path[0]
    for hashed in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            earlier, later = node_hash(hashed, earlier), node_hash(hashed, later)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            later = node_hash(later, hashed)
        place, last = place >> 1, last >> 1
    return last == 0 and earlier == first_root and later == second_root


def _split(size: int) -> int:
    """Return the largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1
