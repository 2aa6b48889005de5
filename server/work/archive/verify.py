#!/usr/bin/env python3
"""Checks the archive package that it lies in: python3 verify.py [folder or zip] [--key FINGERPRINT]

Needs Python 3.8 or newer and nothing else. Says of each file whether it is as it was, and names what was altered,
is missing or was added; that each entry of the ledger holds, hangs on the one before it and stands under the
signed head; and that each material and paper is told by an entry. Status 1 when anything does not hold.

Python's standard library has no Ed25519, so the check of the signature is written out below after RFC 8032
(section 5.1.7); it checks alone, and takes no care to hide what it computes, since all of it is public. Whose key
it is, nothing in the package can say: compare the fingerprint with the one that the platform publishes.
"""

# mypy: ignore-errors

import base64
import hashlib
import json
import sys
import zipfile
from pathlib import Path

MANIFEST = "manifest.json"
ENTRIES = "ledger/entries.jsonl"
HEAD = "ledger/head.json"
HASHED = (
    "subject", "version", "previous", "at", "actor", "on_behalf_of", "unit", "act", "object", "result", "digest",
    "event",
)  # fmt: skip
"""Members of an entry that its hash covers; of an entry of format 1 all but ``event``."""

# ---------------------------------------------------------------- Ed25519 (RFC 8032)

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


def _add(one, two):
    a = (one[1] - one[0]) * (two[1] - two[0]) % P
    b = (one[1] + one[0]) * (two[1] + two[0]) % P
    c = 2 * one[3] * two[3] * D % P
    d = 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(number, point):
    total = (0, 1, 1, 0)
    while number > 0:
        if number & 1:
            total = _add(total, point)
        point = _add(point, point)
        number >>= 1
    return total


def _same(one, two):
    return (one[0] * two[2] - two[0] * one[2]) % P == 0 and (
        one[1] * two[2] - two[1] * one[2]
    ) % P == 0


def _x_of(y, odd):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if odd else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P != 0:
        return None
    return P - x if (x & 1) != odd else x


def _point(raw):
    y = int.from_bytes(raw, "little")
    odd = y >> 255
    y &= (1 << 255) - 1
    x = _x_of(y, odd)
    return None if x is None else (x, y, 1, x * y % P)


_BASE_Y = 4 * pow(5, P - 2, P) % P
_BASE_X = _x_of(_BASE_Y, 0)
BASE = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % P)


def signed_by(key, message, signature):
    """Whether this is the signature of the message by the key (32 bytes)."""
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r = _point(key), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
    return _same(_times(s, BASE), _add(r, _times(h, a)))


# ---------------------------------------------------------------- the ledger


def canonical(value):
    """RFC 8785 of what stands in entries and heads: text, whole numbers and null, with names in ASCII."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def entry_hash(entry):
    """SHA-256 of an entry, hex."""
    told = {name: entry[name] for name in HASHED}
    if told["event"] is None:
        del told["event"]
    told["format"] = 1 if entry["event"] is None else 2
    return hashlib.sha256(canonical(told)).hexdigest()


def stands_under(leaf, index, size, proof, root):
    """Whether the leaf is number ``index`` of the ``size`` leaves under the root (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    number, last, node = index, size - 1, hashlib.sha256(b"\0" + leaf).digest()
    for step in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            node = hashlib.sha256(b"\1" + step + node).digest()
            while number and not number & 1:
                number >>= 1
                last >>= 1
        else:
            node = hashlib.sha256(b"\1" + node + step).digest()
        number >>= 1
        last >>= 1
    return last == 0 and node == root


def check_ledger(entries, head):
    """What does not hold of the entries and their head, a sentence each."""
    key = bytes.fromhex(head["key"])
    told = canonical({"at": head["at"], "root": head["root"], "size": head["size"]})
    if not signed_by(key, told, base64.b64decode(head["signature"])):
        yield f"{HEAD}: the signature is not of this key"
    root, before = bytes.fromhex(head["root"]), None
    for entry in entries:
        name = f"{ENTRIES}: entry {entry['version']}"
        if entry_hash(entry) != entry["hash"]:
            yield f"{name}: altered"
        if before is None:
            whole = entry["version"] == 1 and entry["previous"] == "0" * 64
        else:
            whole = (
                entry["version"] == before["version"] + 1 and entry["previous"] == before["hash"]
            )
        if not whole:
            yield f"{name}: the chain is broken before it"
        if entry["payload"] is not None:
            salted = bytes.fromhex(entry["salt"]) + entry["payload"].encode()
            if hashlib.sha256(salted).hexdigest() != entry["digest"]:
                yield f"{name}: what it tells was altered"
        proof = [bytes.fromhex(step) for step in entry["proof"]]
        leaf = bytes.fromhex(entry["hash"])
        if not stands_under(leaf, entry["leaf"], head["size"], proof, root):
            yield f"{name}: it does not stand under the signed head"
        before = entry


# ---------------------------------------------------------------- the files


def contents(place):
    """Name and bytes of each file, in order; None for the bytes of one that cannot be read."""
    if place.is_dir():
        for file in sorted(place.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file.relative_to(place).as_posix(), file.read_bytes()
        return
    with zipfile.ZipFile(place) as archive:
        for name in sorted(archive.namelist()):
            try:
                yield name, archive.read(name)
            except (zipfile.BadZipFile, OSError, EOFError):
                yield name, None


def _say(line):
    sys.stdout.write(line + "\n")


def check(place, key=None, say=_say):
    """What does not hold of the package, a sentence each; of each file that is as it was, ``say`` is told."""
    hashes, kept, wrong = {}, {}, []
    for name, content in contents(place):
        hashes[name] = None if content is None else hashlib.sha256(content).hexdigest()
        if name in (MANIFEST, ENTRIES, HEAD):
            kept[name] = content
    try:
        listed = json.loads(kept[MANIFEST])["files"]
        if not isinstance(listed, dict):
            raise ValueError
    except (KeyError, TypeError, ValueError):
        return [f"{MANIFEST}: missing or unreadable: nothing else was checked"]
    for name in sorted({*listed, *hashes} - {MANIFEST}):
        if name not in hashes:
            wrong.append(f"{name}: missing")
        elif name not in listed:
            wrong.append(f"{name}: not in the list of files, it was added")
        elif hashes[name] != listed[name]:
            wrong.append(f"{name}: altered")
        else:
            say(f"ok {name}")
    try:
        entries = [json.loads(line) for line in kept[ENTRIES].decode().splitlines()]
        head = json.loads(kept[HEAD])
        wrong += check_ledger(entries, head)
        fingerprint = hashlib.sha256(bytes.fromhex(head["key"])).hexdigest()
        payloads = [entry["payload"] or "" for entry in entries]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return [*wrong, f"ledger: unreadable ({type(error).__name__})"]
    for name in sorted(listed):
        of_record = name.startswith(("materials/", "papers/"))
        if of_record and not any(f'"{listed[name]}"' in payload for payload in payloads):
            wrong.append(f"{name}: no entry of the ledger tells it")
    if key is not None and key.lower() != fingerprint:
        wrong.append(f"{HEAD}: signed by {fingerprint}, not by {key}")
    say(f"{len(listed)} files, {len(entries)} entries, head over {head['size']} of {head['at']}")
    say(f"key {fingerprint}")
    return wrong


def main(arguments):
    """Check, say, and tell by the status."""
    key = None
    if "--key" in arguments:
        at = arguments.index("--key")
        key = arguments[at + 1]
        arguments = arguments[:at] + arguments[at + 2 :]
    place = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    wrong = check(place, key)
    for one in wrong:
        _say(f"WRONG {one}")
    _say(f"DOES NOT HOLD: {len(wrong)}" if wrong else "HOLDS")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
