#!/usr/bin/env python3
"""Checks a file that `pagos audit export` wrote, without Pagos: python3 audit_verify.py FILE [HASH]

Every line begins {"line":N,"previous":"HASH","kind":"KIND". HASH is the SHA-256 of the line before,
with its line feed; that of the first line is 64 zeros. The last line counts the lines of each kind.
HASH on the command line is the hash of the last line, as it was printed and kept elsewhere. Without
it, nothing here tells a file that was written anew as a whole from the first one.

Exits 0 if every byte is as it was written, and 1 with the number of each line that is not.
"""

import hashlib
import re
import sys

FORMAT = b"1"
COUNTED = {"run": "runs", "resend": "resends", "payout": "payouts", "entry": "entries",
           "delivery": "deliveries", "gap": "gaps"}
KINDS = [*COUNTED, "head", "end"]
PLACE = re.compile(
    rb'\{"line":([1-9][0-9]{0,17}),"previous":"([0-9a-f]{64})","kind":"([a-z]+)"([,}])')
HEAD = re.compile(rb'"audit":"pagos","format":([0-9]+),')
LINE_BYTES_MAX = 64 << 20


def last_line(number, previous, counts):
    """The only bytes that the last line may have."""
    counted = "".join(f',"{name}":{counts[name]}' for name in ["lines", *COUNTED.values()])
    return f'{{"line":{number},"previous":"{previous}","kind":"end"{counted}}}\n'.encode()


def verify(file):
    """The faults of a file, as pairs of a line and what is wrong with it, and its last hash."""
    faults, previous, number, shift, end = [], "0" * 64, 0, 0, None
    counts = dict.fromkeys(["lines", *COUNTED.values()], 0)
    while line := file.readline(LINE_BYTES_MAX):
        number += 1
        if end is not None:
            faults.append((number, "stands behind the last line"))
            break
        if not line.endswith(b"\n"):
            return [*faults, (number, "is cut off")], None
        place = PLACE.match(line)
        if place and not (place[3].decode() in KINDS and line.endswith(b"}\n")):
            place = None
        if place:
            written_as, named, kind = int(place[1]), place[2].decode(), place[3].decode()
            if written_as - number != shift:
                shift = written_as - number
                faults.append((number, f"was written as line {written_as}: lines were removed, "
                               "inserted or moved"))
            if named != previous:
                faults.append((max(number - 1, 1), f"is not what line {number} follows: one of "
                               "them was changed"))
            if (kind == "head") != (number == 1):
                faults.append((number, "is not the kind of line that belongs here"))
            counts["lines"] += 1
            if kind in COUNTED:
                counts[COUNTED[kind]] += 1
            if kind == "end":
                end = (written_as, named, line)
        else:
            faults.append((number, "does not begin as a line of an audit file does"))
        if number == 1:
            head = HEAD.match(line, place.end()) if place and place[3] == b"head" else None
            if head is None:
                faults.append((1, "is no head of an audit file of pagos"))
            elif head[1] != FORMAT:
                faults.append((1, "has another format, and this script reads 1"))
        previous = hashlib.sha256(line).hexdigest()
    if end is None:
        faults.append((number + 1, "is missing: the file is cut off before its last line"))
    elif last_line(end[0], end[1], counts) != end[2] or end[0] != counts["lines"]:
        faults.append((counts["lines"], "does not fit the lines before it"))
    return faults, None if faults else previous


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    with open(sys.argv[1], "rb") as file:
        faults, last = verify(file)
    for line, because in faults:
        print(f"line {line} {because}", file=sys.stderr)
    if last is None:
        sys.exit(1)
    if len(sys.argv) == 3 and sys.argv[2].strip().lower() != last:
        sys.exit(f"its last hash is {last} and not the one that was kept: this is another file")
    print(f"every line is as it was written; the last SHA-256 is {last}")


if __name__ == "__main__":
    main()
