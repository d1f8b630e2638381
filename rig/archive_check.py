"""Check an unpacked ledcal archive: Python 3.8 or later and OpenSSL 3, no ledcal.

This file is also in every archive, as `check.py`; run it there. It checks the hashes, the
signature over them, the seal of each run, each signed statement, and each proof that an entry is
in the log. A key is believed when it is in `keys/`: whether those keys are the maker's is for
the reader to ask.
"""

import base64
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

# What stands before the 32 bytes of an Ed25519 key in DER (RFC 8410, section 4).
DER = bytes.fromhex("302a300506032b6570032100")
NO_KEY = "is signed with no key that is in keys/"
# What stays of a run that was deleted on request.
KEPT = ("record.json", "record.dsse.json", "performed.dsse.json", "log.proof")


def pem(public: bytes) -> bytes:
    """Return a public key as OpenSSL reads it."""
    text = base64.b64encode(DER + public)
    return b"-----BEGIN PUBLIC KEY-----\n" + text + b"\n-----END PUBLIC KEY-----\n"


def holds(public: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether OpenSSL finds an Ed25519 signature to be that of the message."""
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        for name, content in (("key", pem(public)), ("sig", signature), ("text", message)):
            (place / name).write_bytes(content)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key", "-rawin"]
        done = subprocess.run(
            [*command, "-in", "text", "-sigfile", "sig"],
            cwd=folder,
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    return done.returncode == 0


def trusted() -> "dict[str, bytes]":
    """Return the public keys in `keys/` by id: the first 16 digits of their SHA-256."""
    found = {}
    for path in sorted(pathlib.Path("keys").glob("*.pem")):
        public = base64.b64decode("".join(path.read_text().split("\n")[1:-2]))[len(DER) :]
        found[hashlib.sha256(public).hexdigest()[:16]] = public
    return found


def seal(path: pathlib.Path, keys: "dict[str, bytes]") -> str:
    """Return what is wrong with the seal of a run, empty when it holds."""
    content = path.read_bytes()
    said = json.loads(content)
    signed = content.replace(b',"signature":"' + said["signature"].encode() + b'"', b"", 1)
    if not holds(bytes.fromhex(said["public_key"]), bytes.fromhex(said["signature"]), signed):
        return "its signature does not hold"
    if bytes.fromhex(said["public_key"]) not in keys.values():
        return NO_KEY
    present = {one.relative_to(path.parent).as_posix() for one in path.parent.rglob("*")}
    gone = path.parent / "deletion.proof"
    if gone.name in present - set(said["files"]) and not deletion(gone, keys):
        # What stays of a run that was deleted on request; of the rest nothing may be there.
        said["files"] = {name: said["files"][name] for name in KEPT if name in said["files"]}
        present.remove(gone.name)
    for name, digest in said["files"].items():
        file = path.parent / name
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            return f"{name} is not what was sealed"
    more = sorted(present - set(said["files"]) - {path.name})
    return f"{more[0]} was added after the run was sealed" if more else ""


def envelope(path: pathlib.Path, keys: "dict[str, bytes]") -> str:
    """Return what is wrong with a signed envelope (DSSE), empty when it holds."""
    return "" if signer(json.loads(path.read_bytes()), keys) else NO_KEY


def signer(said: "dict[str, Any]", keys: "dict[str, bytes]") -> str:
    """Return the key that signed an envelope, by its id; empty when it is none in `keys/`."""
    kind, payload = said["payloadType"].encode(), base64.b64decode(said["payload"])
    message = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    for one in said["signatures"]:
        public = keys.get(one["keyid"])
        if public is not None and holds(public, base64.b64decode(one["sig"]), message):
            return str(one["keyid"])
    return ""


def deletion(path: pathlib.Path, keys: "dict[str, bytes]") -> str:
    """Return what is wrong with the proof that two people deleted a run, empty when it holds."""
    head, _, note = path.read_text().partition("\n\n")
    wrong = proof(path, "") or signed_note(note, keys)
    if wrong:
        return wrong
    entry = json.loads(base64.b64decode(head.split("\n")[1].split(" ")[1]))
    if (entry["kind"], entry["subject"]) != ("run deleted", path.parent.name):
        return "its entry is none of the deletion of this run"
    asked, by = entry["facts"]["request"], set()
    for kind, one in (("deletion requested", asked), (entry["kind"], entry)):
        whole = dict(one["facts"])
        signed = whole.pop("authorisation")
        said = json.loads(base64.b64decode(signed["payload"]))
        told = [said[name] for name in ("kind", "subject", "name", "facts")]
        if told != [kind, path.parent.name, one["who"], whole]:
            return "its signatures are over something else"
        by.add(signer(signed, keys))
    return "" if len(by - {""}) == 2 else "is not signed by two people whose keys are in keys/"


def proof(path: pathlib.Path, note: str) -> str:
    """Return what is wrong with a proof of the log (RFC 9162), empty when it holds."""
    head, _, below = path.read_text().partition("\n\n")
    _, extra, index, *hashes = head.split("\n")
    if note and below != note:
        return "leads to another checkpoint"
    size, root = int(below.split("\n")[1]), base64.b64decode(below.split("\n")[2])
    place, last = int(index.split(" ")[1]), size - 1
    node = hashlib.sha256(b"\0" + base64.b64decode(extra.split(" ")[1])).digest()
    for one in map(base64.b64decode, hashes):
        if place & 1 or place == last:
            node = hashlib.sha256(b"\1" + one + node).digest()
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + one).digest()
        place, last = place >> 1, last >> 1
    return "" if last == 0 and node == root else "its entry is not in the log"


def run_proof(path: pathlib.Path, keys: "dict[str, bytes]") -> str:
    """Return what is wrong with the proof in a run's folder, whose checkpoint is its own."""
    return proof(path, "") or signed_note(path.read_text().partition("\n\n")[2], keys)


def checkpoint(path: pathlib.Path, keys: "dict[str, bytes]") -> str:
    """Return what is wrong with the log's signed checkpoint, empty when it holds."""
    return signed_note(path.read_text(), keys)


def signed_note(content: str, keys: "dict[str, bytes]") -> str:
    """Return what is wrong with a signed note, empty when it holds."""
    text, _, below = content.rpartition("\n\n")
    signatures = [base64.b64decode(line.split(" ")[-1])[4:] for line in below.split("\n")[:-1]]
    for public in keys.values():
        if any(holds(public, one, text.encode() + b"\n") for one in signatures):
            return ""
    return NO_KEY


def answer(check: "Callable[..., str]", path: pathlib.Path, *more: object) -> "tuple[str, str]":
    """Return a file's name and what a check finds wrong; what it cannot read is damaged."""
    try:
        return path.as_posix(), check(path, *more)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OSError) as error:
        return path.as_posix(), f"is damaged: {error}"


def main() -> int:
    """Check the archive in this folder; return 0 when all of it holds."""
    keys = trusted()
    sums = pathlib.Path("SHA256SUMS").read_text()
    listed = {line[66:]: line[:64] for line in sums.splitlines()}
    signature = pathlib.Path("SHA256SUMS.sig").read_bytes()
    by = [one for one, public in keys.items() if holds(public, signature, sums.encode())]
    found = [("SHA256SUMS", "" if by else NO_KEY)]
    for name, digest in listed.items():
        file = pathlib.Path(name)
        whole = file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == digest
        found.append((name, "" if whole else "is not what was archived"))
    for path in sorted(pathlib.Path().glob("*/*/seal.json")):
        found.append(answer(seal, path, keys))
    for path in sorted(pathlib.Path().rglob("*.dsse.json")):
        found.append(answer(envelope, path, keys))
    note_path = pathlib.Path("log/checkpoint.txt")
    note = note_path.read_text() if note_path.is_file() else ""
    if note:
        found.append(answer(checkpoint, note_path, keys))
    for path in sorted(pathlib.Path("log").glob("*.proof")):
        found.append(answer(proof, path, note))
    for path in sorted(pathlib.Path().glob("*/*/log.proof")):
        found.append(answer(run_proof, path, keys))
    for path in sorted(pathlib.Path().glob("*/*/deletion.proof")):
        found.append(answer(deletion, path, keys))
    wrong = [(name, words) for name, words in found if words]
    for name, words in wrong:
        print(f"WRONG {name}: {words}")
    present = {one.as_posix() for one in pathlib.Path().rglob("*") if not one.is_dir()}
    for name in sorted(present - set(listed) - {"SHA256SUMS", "SHA256SUMS.sig"}):
        print(f"NOT CHECKED {name}: is not of this archive")
    print(f"{len(found) - len(wrong)} of {len(found)} checks hold; signed by {', '.join(by)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
