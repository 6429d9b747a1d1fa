"""Files that attack whoever reads them: small to send, and huge, deep or endless to read. Each is made in a second."""

import gzip
import io
import json
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

MIB = 1 << 20
Maker = Callable[[Path], None]


def _gzip(path: Path, pieces: Callable[[], object], level: int = 1) -> None:
    with gzip.open(path, "wb", compresslevel=level) as file:
        for piece in pieces():  # type: ignore[attr-defined]
            file.write(piece)


def zeros_in_gzip(path: Path) -> None:
    """1.5 MB that unpack to a JSON list of 1.5 GB: finding A7."""
    _gzip(path, lambda: [b"[", *([b"[1, 2], " * (2 * MIB)] * 96), b"[1, 2]]"], 9)


def line_in_gzip(path: Path) -> None:
    """One line of JSON lines, 1 GB unpacked."""
    good = b'{"video": "a.mp4", "duration": 4.0, "query": "x", "windows": [[1, 2]]}\n'
    _gzip(path, lambda: [good, good, b'{"video": "', *([b"a" * (16 * MIB)] * 64), b'"}\n'])


def empty_members(path: Path) -> None:
    """A million gzip members that hold nothing."""
    path.write_bytes(gzip.compress(b"") * 1_000_000)


def members_of_zeros(path: Path) -> None:
    """Many gzip members, each a bomb of its own."""
    path.write_bytes(gzip.compress(b" " * (64 * MIB), 9) * 64)


def endless_name(path: Path) -> None:
    """A gzip header whose file name takes 64 MB."""
    path.write_bytes(b"\x1f\x8b\x08\x08\0\0\0\0\0\x03" + b"n" * (64 * MIB))


def padded_gzip(path: Path) -> None:
    """A good gzip file with 64 MB of padding behind it."""
    path.write_bytes(gzip.compress(b'{"video": "a"}\n') + b"\0" * (64 * MIB))


def gzip_in_gzip(path: Path) -> None:
    """A bomb packed twice: a few KB."""
    path.write_bytes(gzip.compress(gzip.compress(b"0" * (256 * MIB), 9), 9))


def tar_in_gzip(path: Path) -> None:
    """A tar archive, packed, with a name that leads out of the folder."""
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("../../escaped.json")
        member.size = 2
        archive.addfile(member, io.BytesIO(b"[]"))


def zip_of_zeros(path: Path) -> None:
    """A zip archive whose member unpacks to 1 GB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.json", "w") as file:
        for _ in range(64):
            file.write(b"0" * (16 * MIB))


def other_packers(path: Path) -> None:
    """A file of zstandard, which is not unpacked here."""
    path.write_bytes(b"\x28\xb5\x2f\xfd" + os.urandom(64))


def _parquet(path: Path, table: object, **options: object) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, path, **({"compression": "zstd", "write_statistics": False} | options))


def null_rows(path: Path) -> None:
    """10^9 rows of nothing in 2 MB."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = ("sample_id", "corpus", "split", "video_id", "query")
    table = pa.table({name: pa.nulls(5 * MIB, pa.string()) for name in names})
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for _ in range(40):
            writer.write_table(table, row_group_size=5 * MIB)


def null_rows_of_null(path: Path) -> None:
    """2 * 10^8 rows of a column without a type, in one row group of some KB."""
    import pyarrow as pa

    _parquet(path, pa.table({"sample_id": pa.nulls(200_000_000, pa.null())}), row_group_size=1 << 40)


def exploding_dictionary(path: Path) -> None:
    """A text of 50 MB, stored once, in each of 10^6 rows."""
    import numpy as np
    import pyarrow as pa

    places = pa.array(np.zeros(1_000_000, np.int32))
    column = pa.DictionaryArray.from_arrays(places, pa.array(["x" * (50 * MIB)]))
    _parquet(path, pa.table({"sample_id": column}), store_schema=False)


def endless_list(path: Path) -> None:
    """One row, whose list has 10^8 numbers, in 1 KB."""
    import numpy as np
    import pyarrow as pa

    column = pa.ListArray.from_arrays(pa.array([0, 100_000_000], pa.int32()), pa.array(np.zeros(100_000_000)))
    _parquet(path, pa.table({"sample_id": ["a"], "windows": column}))


def deep_lists(path: Path) -> None:
    """A column that is lists in lists, a hundred deep."""
    import pyarrow as pa

    kind = pa.float64()
    for _ in range(100):
        kind = pa.list_(kind)
    _parquet(path, pa.table({"sample_id": ["a"], "windows": pa.array([None], kind)}))


def wide_table(path: Path) -> None:
    """20,000 columns."""
    import pyarrow as pa

    _parquet(path, pa.table({f"c{number}": [1] for number in range(20_000)}), use_dictionary=False)


def many_groups(path: Path) -> None:
    """A row group for each of 60,000 rows."""
    import pyarrow as pa

    names = [f"c{number}" for number in range(20)]
    _parquet(path, pa.table({name: pa.array([0] * 60_000, pa.int8()) for name in names}), row_group_size=1)


def _footer(path: Path, change: Callable[[bytes], bytes]) -> None:
    import pyarrow as pa

    _parquet(path, pa.table({"sample_id": pa.array([0] * 100_000, pa.int64())}), compression="none")
    raw = path.read_bytes()
    size = struct.unpack("<I", raw[-8:-4])[0]
    body, footer = raw[: -8 - size], change(raw[-8 - size : -8])
    path.write_bytes(body + footer + struct.pack("<I", len(footer)) + b"PAR1")


def _varint(value: int) -> bytes:
    value, out = value << 1, b""
    while value >= 128:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def lying_footer(path: Path) -> None:
    """A footer that says 10^15 rows where there are 10^5."""
    _footer(path, lambda footer: footer.replace(_varint(100_000), _varint(10**15)))


def long_footer(path: Path) -> None:
    """A footer of 2 GB, says the file of 1 KB."""
    path.write_bytes(b"PAR1" + b"\0" * 1000 + struct.pack("<I", 2**31 - 1) + b"PAR1")


def lying_page(path: Path) -> None:
    """A page that says it unpacks to 2 GB."""
    import pyarrow as pa

    table = pa.table({"sample_id": pa.array([0] * 100_000, pa.int64())})
    _parquet(path, table, compression="zstd", store_schema=False)
    raw = path.read_bytes()
    # The header of the first page: its kind (2), and the bytes that it unpacks to (8), with their Thrift types.
    head = b"\x15" + _varint(2) + b"\x15" + _varint(8)
    assert raw[4:].startswith(head)
    path.write_bytes(raw.replace(head, b"\x15" + _varint(2) + b"\x15" + _varint(2_000_000_000), 1))


def deep_json(path: Path) -> None:
    """Lists in lists, 200,000 deep: finding A14."""
    path.write_bytes(b"[" * 200_000 + b"]" * 200_000)


def deep_object(path: Path) -> None:
    """Objects in objects, deep enough to be read and too deep to be written."""
    path.write_bytes(b'{"a":' * 900 + b"1" + b"}" * 900)


def deep_in_lines(path: Path) -> None:
    """JSON lines, each 50,000 objects deep."""
    path.write_bytes((b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"\n") * 20)


def repeated_key(path: Path) -> None:
    """An object that gives one key 3 * 10^6 times."""
    path.write_bytes(b'{"a": [' + b'{"x": 1, ' + b'"k": 1, ' * 3_000_000 + b'"y": 2}' + b"]}")


def many_keys(path: Path) -> None:
    """An object with 10^7 keys."""
    with path.open("wb") as file:
        file.write(b'{"x": 1')
        for start in range(0, 10_000_000, 100_000):
            file.write("".join(f',\n"k{n}":{n}' for n in range(start, start + 100_000)).encode())
        file.write(b"}")


def long_text(path: Path) -> None:
    """One text of 1 GB in a JSON list."""
    with path.open("wb") as file:
        file.write(b'["')
        for _ in range(64):
            file.write(b"a" * (16 * MIB))
        file.write(b'"]')


def long_line(path: Path) -> None:
    """JSON lines, of which the third takes 1 GB."""
    good = b'{"video": "a.mp4", "duration": 4.0, "query": "x", "windows": [[1, 2]]}\n'
    with path.open("wb") as file:
        file.write(good * 2 + b'{"video": "')
        for _ in range(64):
            file.write(b"a" * (16 * MIB))
        file.write(b'"}\n')


def huge_numbers(path: Path) -> None:
    """Numbers of a million digits, and such as no float holds."""
    rows = ["9" * 1_000_000, "1e999", "-1e999", "0." + "0" * 1_000_000 + "1"]
    path.write_text("[" + ", ".join(f'{{"video": "a", "windows": [[{row}, 2]]}}' for row in rows) + "]")


def many_values(path: Path) -> None:
    """3 * 10^8 empty lists: 1 GB."""
    with path.open("wb") as file:
        file.write(b"[")
        for _ in range(96):
            file.write(b"[]," * (3 * MIB))
        file.write(b"[]]")


def wide_csv(path: Path) -> None:
    """A csv of 10^6 columns, all but the first of one name."""
    path.write_text("query" + ",a" * 1_000_000 + "\n" + "x" + ",1" * 1_000_000 + "\n")


def long_cell(path: Path) -> None:
    """A csv with one cell of 200 MB."""
    with path.open("wb") as file:
        file.write(b'video,query\na,"')
        for _ in range(200):
            file.write(b"a" * MIB)
        file.write(b'"\n')


def yaml_bomb(path: Path) -> None:
    """Nine lines of aliases that stand for 10^9 texts."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    path.write_text("\n".join(lines) + "\n")


def deep_yaml(path: Path) -> None:
    """Lists in lists, 100,000 deep, as YAML."""
    path.write_text("steps: " + "[" * 100_000 + "]" * 100_000 + "\n")


def long_yaml(path: Path) -> None:
    """A recipe of 20 MB."""
    path.write_text("steps:\n" + "- {id: a, command: check}\n" * 800_000)


def _png(path: Path, width: int, height: int, *chunks: tuple[bytes, bytes]) -> None:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(b"\0" * (1 << 16))), (b"IEND", b"")]
    raw = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + raw)


def gigapixel(path: Path) -> None:
    """A PNG of 40,000 x 40,000 pixels."""
    _png(path, 40_000, 40_000)


def bombed_text(path: Path) -> None:
    """A PNG of one pixel with texts that unpack to 256 MB each."""
    packed = zlib.compress(b"a" * (256 * MIB), 9)
    _png(path, 1, 1, *[(b"zTXt", b"Comment\0\0" + packed)] * 8)


def bitmap(path: Path) -> None:
    """A BMP that says it is 100,000 x 100,000."""
    head = struct.pack("<IiiHHIIiiII", 40, 100_000, 100_000, 1, 24, 0, 0, 2835, 2835, 0, 0)
    path.write_bytes(b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + head + b"\0" * 100)


def frames_in_gif(path: Path) -> None:
    """A GIF of 10^6 frames under the name of a JPEG."""
    frame = b"\x21\xf9\x04\0\x01\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0"
    path.write_bytes(b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff" + frame * 1_000_000 + b"\x3b")


def postscript(path: Path) -> None:
    """A program for Ghostscript under the name of a JPEG: finding A11."""
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9999 9999\n(/tmp/owned) (w) file\n%%EOF\n")


def playlist(path: Path) -> None:
    """A playlist that names other files and an address."""
    path.write_text("#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXTINF:9,\nfile:///etc/passwd\n")


def concat(path: Path) -> None:
    """A concat script that names itself for ever."""
    path.write_text("ffconcat version 1.0\n" + f"file '{path}'\n" * 100_000)


def _box(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", 8 + len(data)) + name + data


def nested_boxes(path: Path) -> None:
    """An MP4 with 100,000 boxes in each other."""
    raw = b"".join(struct.pack(">I", 8 * (100_000 - n)) + b"moov" for n in range(100_000))
    path.write_bytes(_box(b"ftyp", b"isom\0\0\0\0isom") + raw)


def many_boxes(path: Path) -> None:
    """An MP4 of 4 * 10^6 empty boxes."""
    path.write_bytes(_box(b"ftyp", b"isom\0\0\0\0isom") + _box(b"free", b"") * 4_000_000)


def _mp4(path: Path, change: Callable[[bytes], bytes]) -> None:
    from support.drawn_videos import draw

    draw(path, 20)
    path.write_bytes(change(path.read_bytes()))


def huge_frames(path: Path) -> None:
    """A video of pictures that are 30,000 x 30,000, says each of them; its own header says 64 x 64."""
    import av
    import numpy as np

    with av.open(str(path), "w", format="mov") as container:
        stream = container.add_stream("png", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "rgb24"  # type: ignore[attr-defined]
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        for packet in (*stream.encode(frame), *stream.encode(None)):  # type: ignore[attr-defined]
            container.mux(packet)
    raw = path.read_bytes()
    place = raw.index(b"IHDR")
    head = b"IHDR" + struct.pack(">II", 30_000, 30_000) + raw[place + 12 : place + 17]
    path.write_bytes(raw[:place] + head + struct.pack(">I", zlib.crc32(head)) + raw[place + 21 :])


def many_frames(path: Path) -> None:
    """A video whose table of sizes says 10^9 frames."""

    def change(raw: bytes) -> bytes:
        place = raw.index(b"stsz") + 8
        return raw[:place] + struct.pack(">II", 1, 1_000_000_000) + raw[place + 8 :]

    _mp4(path, change)


def endless_video(path: Path) -> None:
    """A video whose headers say that it lasts years: each frame takes 18 hours."""

    def change(raw: bytes) -> bytes:
        place = raw.index(b"mdhd") + 16  # behind version, flags and two dates
        raw = raw[:place] + struct.pack(">II", 1, 20 * 65_000) + raw[place + 8 :]
        place = raw.index(b"stts") + 16
        raw = raw[:place] + struct.pack(">I", 65_000) + raw[place + 4 :]
        return raw.replace(b"edts", b"free")

    _mp4(path, change)


def _table(*makers: Maker) -> dict[str, Maker]:
    return {getattr(each, "__name__", ""): each for each in makers}


ARCHIVES = _table(
    zeros_in_gzip, line_in_gzip, empty_members, members_of_zeros, endless_name, padded_gzip, gzip_in_gzip, tar_in_gzip,
    zip_of_zeros, other_packers,
)  # fmt: skip
PARQUET = _table(
    null_rows, null_rows_of_null, exploding_dictionary, endless_list, deep_lists, wide_table, many_groups, lying_footer,
    long_footer, lying_page,
)  # fmt: skip
TEXTS = _table(
    deep_json, deep_object, deep_in_lines, many_keys, repeated_key, long_text, long_line, huge_numbers, many_values,
)  # fmt: skip
TABLES = _table(wide_csv, long_cell)
YAMLS = _table(yaml_bomb, deep_yaml, long_yaml)
PICTURES = _table(gigapixel, bombed_text, bitmap, frames_in_gif, postscript)
VIDEOS = _table(playlist, concat, nested_boxes, many_boxes, huge_frames, many_frames, endless_video)


def picture_folder(folder: Path, make: Maker) -> None:
    """A folder of pictures that is a video, whose only picture is hostile."""
    folder.mkdir(parents=True)
    make(folder / "0001.jpg")
    (folder / "times.json").write_text(json.dumps({"files": ["0001.jpg"], "times": [0.0], "duration": 1.0}))
