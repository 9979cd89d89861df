"""What a loss of power, a full disk or another program may make of a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "first byte": lambda content: content[:1],
    "half": lambda content: content[: len(content) // 2],
    "last bytes gone": lambda content: content[:-3],
    "zeros": lambda content: bytes(len(content)),
    "zeros within": lambda content: content[:-40] + bytes(20) + content[-20:],
    "another byte": lambda content: content[:-25] + bytes([content[-25] ^ 1]) + content[-24:],
    "longer": lambda content: content + content[-9:],
    "list": lambda content: b"[]",
    "null": lambda content: b"null",
    "no keys": lambda content: b"{}",
    "not a number": lambda content: b'{"values": [NaN]}',
    "infinite": lambda content: b'{"values": [1e999]}',
    "huge": lambda content: b'{"values": 1' + b"0" * 5000 + b"}",
    "deep": lambda content: b'{"a": ' + b"[" * 100_000,
    "not UTF-8": lambda content: b'{"a": "\xff"}',
}


def put_in_place(path: Path, kind: str) -> None:
    """A folder, or a symbolic link to itself, where the file was."""
    path.unlink()
    if kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(path.name)


IN_PLACE = ("folder", "loop")
EVERY = (*DAMAGES, *IN_PLACE)


def damage(path: Path, kind: str) -> None:
    """Damage one file."""
    if kind in IN_PLACE:
        put_in_place(path, kind)
    else:
        path.write_bytes(DAMAGES[kind](path.read_bytes()))
