"""Limits the decompressed size of a server's reply: a few kilobytes of gzip can expand to gigabytes.

The HTTP client decompresses each piece completely, however large it gets. So the reply is decompressed here, in bounded
pieces, before the client sees it. The limit applies to replies of every status.
"""

import importlib
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

PIECE = 65536
"""Most bytes decompressed at a time."""


class UnreadableReply(Exception):
    """A reply that is too long, or compressed in an unsupported or wrong way; its message names no server."""


def limited(most: int) -> Callable[[Any], Coroutine[Any, Any, None]]:
    """A response hook for the client's HTTP library, httpx or its successor.

    With it, reading a response of more than `most` decompressed bytes raises UnreadableReply.
    """

    async def hook(response: Any) -> None:
        packing = response.headers.pop("content-encoding", "identity").strip().lower()
        # The length in its headers counts compressed bytes; the stream is read to its end anyway.
        response.stream = _stream(_library(response).AsyncByteStream, response.stream, packing, most)

    return hook


def _library(response: Any) -> Any:
    """The HTTP library of a response: it differs between versions of the client."""
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
    # 32: zlib detects by itself whether the header is gzip's or zlib's.
    unpack, empty = zlib.decompressobj(32 + zlib.MAX_WBITS), True
    try:
        async for packed in inner:
            empty = empty and not packed
            while packed:
                yield unpack.decompress(packed, PIECE)
                packed = unpack.unconsumed_tail
        # Output that zlib still holds back, in pieces too.
        while rest := unpack.decompress(b"", PIECE):
            yield rest
    except zlib.error:
        raise UnreadableReply("the response is not packed as it says") from None
    if not (unpack.eof or empty):
        raise UnreadableReply("the response is not packed as it says, or ends too early")
