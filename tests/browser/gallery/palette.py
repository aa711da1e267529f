"""Makes a picture small enough to be kept with the code: 256 colours are plenty for a page of text.

It reads what Chromium writes (8 bits, no interlacing) and nothing else; a pixel keeps its colour or the nearest kept.
"""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

_SIGN = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {2: 3, 6: 4}
MOST = 256
Colour = tuple[int, int, int]


def small(png: bytes) -> bytes:
    """The same picture with a palette. ValueError if it is not as Chromium writes it."""
    width, height, pixels = colours(png)
    counted = Counter(pixels)
    kept = _palette(counted)
    index = {colour: at for at, colour in enumerate(kept)}
    for colour in counted:
        if colour not in index:
            index[colour] = min(range(len(kept)), key=lambda at: _far(kept[at], colour))
    numbers = bytes(map(index.__getitem__, pixels))
    rows = b"".join(b"\0" + numbers[at : at + width] for at in range(0, width * height, width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette = b"".join(map(bytes, kept))
    parts = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return _SIGN + b"".join(_chunk(kind, body) for kind, body in parts)


def colours(png: bytes) -> tuple[int, int, list[Colour]]:
    """Width, height and the colour of each pixel, row by row."""
    chunks = list(_chunks(png))
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if depth != 8 or interlaced or kind not in _CHANNELS:
        raise ValueError("this is not a picture that Chromium took")
    step = _CHANNELS[kind]
    raw = zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT"))
    line = width * step
    before, found = bytearray(line), list[Colour]()
    for at in range(0, height * (line + 1), line + 1):
        row = bytearray(raw[at + 1 : at + 1 + line])
        _undo(raw[at], row, before, step)
        found += zip(row[0::step], row[1::step], row[2::step], strict=True)
        before = row
    return width, height, found


def _palette(counted: Counter[Colour]) -> list[Colour]:
    """The colours that are kept, the commonest first: one that is near to another gives way to what is rare."""
    if len(counted) <= MOST:
        return list(counted)
    near = 32
    while True:
        kept: list[Colour] = []
        for colour, _ in counted.most_common():
            if all(_far(each, colour) > near for each in kept):
                kept.append(colour)
        if len(kept) <= MOST:
            return kept
        near *= 2


def _undo(way: int, row: bytearray, above: bytearray, step: int) -> None:
    """Undo one of PNG's five filters in place (PNG, 9.2). above: the row before it."""
    if way == 2:
        row[:] = bytes((one + other) & 255 for one, other in zip(row, above, strict=True))
    elif way:
        for at in range(len(row)):
            left, corner = (row[at - step], above[at - step]) if at >= step else (0, 0)
            up = above[at]
            guess = {1: left, 3: (left + up) // 2}.get(way)
            row[at] = (row[at] + (_paeth(left, up, corner) if guess is None else guess)) & 255


def _paeth(left: int, up: int, corner: int) -> int:
    straight = left + up - corner
    return min((left, up, corner), key=lambda each: abs(straight - each))


def _far(one: Colour, other: Colour) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGN)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
