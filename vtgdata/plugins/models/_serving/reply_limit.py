"""A limit on what a server's reply may fill of memory, unpacked: a few kilobytes of gzip can stand for gigabytes.

The HTTP client unpacks each piece whole, whatever it grows to. So the reply is unpacked here, in bounded pieces, before
the client sees it; replies of every status are held to the limit.
"""

import importlib
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

PIECE = 65536
"""Bytes unpacked at a time, at most."""


class UnreadableReply(Exception):
    """A reply that is too long, or packed in a way that is not read here; its words name no server."""


def limited(most: int) -> Callable[[Any], Coroutine[Any, Any, None]]:
    """A hook for responses of the client's HTTP library, httpx or its successor.

    Reading a response of more than `most` bytes, unpacked, then raises UnreadableReply.
    """

    async def hook(response: Any) -> None:
        packing = response.headers.pop("content-encoding", "identity").strip().lower()
        # What it says of its length counts packed bytes; they are read to the end of the stream.
        response.stream = _stream(_library(response).AsyncByteStream, response.stream, packing, most)

    return hook


def _library(response: Any) -> Any:
    """The module that a response is of: the client's versions differ in which HTTP library they use."""
    return importlib.import_module(type(response).__module__.partition(".")[0])


def _stream(kind: Any, inner: Any, packing: str, most: int) -> Any:
    class Limited(kind):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            total = 0
            async for piece in _unpacked(inner, packing):
                total += len(piece)
                if total > most:
                    raise UnreadableReply(f"the response is longer than {most / 2**20:g} MiB")
                yield piece

        async def aclose(self) -> None:
            await inner.aclose()

    return Limited()


async def _unpacked(inner: Any, packing: str) -> AsyncIterator[bytes]:
    if packing in ("", "identity"):
        async for piece in inner:
            yield piece
        return
    if packing not in ("gzip", "x-gzip", "deflate"):
        raise UnreadableReply("the response is packed in a way that was not asked for")
    # 32: gzip and zlib headers are told apart by themselves.
    unpack = zlib.decompressobj(32 + zlib.MAX_WBITS)
    try:
        async for packed in inner:
            while packed:
                yield unpack.decompress(packed, PIECE)
                packed = unpack.unconsumed_tail
        # What zlib still holds: less than it gives at a time.
        while rest := unpack.decompress(b"", PIECE):
            yield rest
    except zlib.error:
        raise UnreadableReply("the response is not packed as it says") from None
