"""Checks a changegate file log without changegate: framing, checksums, order, and the RFC 6962 root after every record.

    python3 verify_audit.py DIR [SIZE:ROOT]      SIZE:ROOT is a head that you remember from an earlier check"""
import hashlib, struct, sys

def table_of(n):
    for _ in range(8):
        n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
    return n

TABLE = [table_of(n) for n in range(256)]
def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF

def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

def push(peaks, size, leaf):
    while size & 1:
        leaf, size = sha(b"\1", peaks.pop(), leaf), size >> 1
    peaks.append(leaf)

def root(peaks):
    node = peaks[-1] if peaks else sha()
    for left in reversed(peaks[:-1]):
        node = sha(b"\1", left, node)
    return node

def check(data, remembered):
    at, size, peaks = 0, 0, []
    def leaf(hash_):
        nonlocal size
        push(peaks, size, hash_)
        size += 1
        if size in remembered and root(peaks) != remembered.pop(size):
            sys.exit(f"tampered: record {size - 1}: not the log whose head you remember")
    if data[:4] == b"CGP1":                                   # leaf hashes of records whose bodies were dropped
        count, crc = struct.unpack(">QI", data[4:16])
        hashes = data[16:16 + 32 * count]
        if crc32c(data[:12]) != crc or data[16 + 32 * count:20 + 32 * count] != struct.pack(">I", crc32c(hashes)):
            sys.exit("tampered: record 0: the hashes of the pruned records are damaged")
        [leaf(hashes[32 * i:32 * i + 32]) for i in range(count)]
        at = 20 + 32 * count
    while at < len(data):
        magic, length, own, rest = struct.unpack(">4sIII", data[at:at + 16].ljust(16, b"\0"))
        body = data[at + 16:at + 16 + length + 40]
        good = magic == b"CGA1" and crc32c(data[at:at + 8]) == own and len(body) == length + 40 and crc32c(body) == rest
        if good and struct.unpack(">Q", body[length:length + 8])[0] == size:
            leaf(sha(b"\0", body[:length]))
        if not good or root(peaks) != body[length + 8:]:
            sys.exit(f"tampered: record {size - (1 if good else 0)}: frame, order or root is wrong")
        at += 16 + length + 40
    sys.exit(f"tampered: record {size}: the log had {max(remembered)} records") if remembered else None
    print(f"ok: {size} records, root {root(peaks).hex()}")

pins = dict((int(n), bytes.fromhex(r)) for n, r in (pin.split(":") for pin in sys.argv[2:]))
check(open(sys.argv[1] + "/log", "rb").read(), pins)
