"""InternVid-VTime: captioned segments in cuts of YouTube videos, from InternVid's captions (Wang et al., ICLR 2024).

Raw line:  {"vid": "aB3_dE-6hIj", "duration": 37.6, "query": "a man signs a paper", "span": [2.3, 11.8]}
           VideoMind's form, with queries rewritten by a language model; seconds from the start of the cut, grid 0.1 s.
Raw item:  {"source": "internvid", "id": "aB3_dE-6hIj", "conversations": [{"from": "human", "value": "What is when?"},
            {"from": "gpt", "value": "From <s0> to <e0>, a man signs a paper."}], "meta": {"split": [202.4, 240.0],
            "duration": 37.6, "token": {"<s0>": 2.3, "<e0>": 11.8}}}
           VTimeLLM's form (stage 2): `token` has the times of each segment, `split` the cut; without `split`, the
           whole video is meant.
Queries:   in a dialogue, the text after a segment's times; or the whole answer, if the question names the times; or the
           question, if the answer has only times.
Oddities:  machine labels; files may be named after the id alone or after the cut, `<id>_00:03:22:400_00:04:00:000`.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vtgdata.annotations import ids, items, lengths, moment_jsonl, sources
from vtgdata.annotations.keys import Keys
from vtgdata.annotations.text import bounds, duration, mapping, pair, sequence, shown, unreadable, words
from vtgdata.records import Bound, Corpus, Example, RawRow, Records, Split

_LENGTHS = "durations.json"

CORPUS = Corpus(
    name="internvid_vtime",
    title="InternVid-VTime",
    summary="Machine captions of segments of YouTube videos' cuts, turned into grounding data by VTimeLLM.",
    splits=(Split(name="train", files=("anno_internvid_vtime_query_gpt4o_mini.jsonl", "stage2.json", _LENGTHS)),),
    license="CC-BY-NC-SA-4.0",
    license_link="https://huggingface.co/datasets/OpenGVLab/InternVid",
    license_confidence="B",
    homepage="https://huggingface.co/datasets/OpenGVLab/InternVid",
    citation="Wang et al.: InternVid: A Large-scale Video-Text Dataset for Multimodal Understanding and Generation. "
    "ICLR 2024. Segments: Huang et al.: VTimeLLM: Empower LLM to Grasp Video Moments. CVPR 2024.",
    grid=0.1,
    clock="seconds from the start of the cut, which the files hold",
    usage="anno_internvid_vtime_query_gpt4o_mini.jsonl",
    download="huggingface.co/datasets/yeliudev/VideoMind-Dataset, folder internvid_vtime; or "
    "stage2.json from VTimeLLM's data page (github.com/huangb23/VTimeLLM).",
    overlaps=("571 training rows of TimeRFT are InternVid-VTime's.", "TVG-R1's pool takes its rows."),
    family="moments",
    records=(Records(shape="list", rows="at least", why="a dialogue gives a row for each query"),),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "anno_internvid_vtime_query_gpt4o_mini.jsonl": (
            '{"vid": "aB3_dE-6hIj", "duration": 37.6, "query": "a man signs a paper", "span": [2.3, 11.8]}\n'
            '{"vid": "-_a0bZ_c1dE_00:03:22:400_00:04:00:000", "duration": 37.6, "query": "A dog barks. ", '
            '"span": [30.1, 37.7]}\n'
            '{"vid": "another", "duration": 37.6, "query": "a cook peels a carrot", "span": [2.3, 11.8]}\n'
        ),
        "stage2.json": """[
  {"source": "internvid", "id": "v_0aZ_bY1cX", "conversations": [
    {"from": "human", "value": "<video>\\nWhat happens when?"},
    {"from": "gpt", "value": "From <s0> to <e0>, two men wave. From <s1> to <e1>, a tram passes."}],
   "meta": {"split": [202.4, 240.0], "duration": 37.6, "token": {"<s0>": 2, "<e0>": 9.4, "<s1>": 31.5, "<e1>": 31.5}}},
  {"source": "internvid", "id": "0aZ_bY1cX-2", "conversations": [
    {"from": "human", "value": "<video>\\nWhen does a kite fall?"}, {"from": "gpt", "value": "From <s0> to <e0>."},
    {"from": "human", "value": "What is there from <s1> to <e1>?"}, {"from": "gpt", "value": "A boat leaves."}],
   "meta": {"duration": 54.2, "token": {"<s0>": 0, "<e0>": 9.4, "<s1>": 49.4, "<e1>": 54.3, "<s2>": 1}}},
  {"id": "0aZ_bY1cX-3", "conversations": [{"from": "human", "value": "<video>\\nDescribe the video."},
    {"from": "gpt", "value": "A man sits."}]}
]""",
    },
    samples=[
        ("aB3_dE-6hIj", "a man signs a paper", [[2.3, 11.8]]),
        ("-_a0bZ_c1dE_00:03:22:400_00:04:00:000", "A dog barks.", [[30.1, 37.6]]),
        ("v_0aZ_bY1cX", "two men wave.", [[2.0, 9.4]]),
        ("0aZ_bY1cX-2", "A boat leaves.", [[49.4, 54.2]]),
        ("0aZ_bY1cX-2", "When does a kite fall?", [[0.0, 9.4]]),
    ],
    drops=["unreadable_row", "zero_length", "unreadable_row", "no_moment_annotated"],
)

_FORM = '{"vid": "<YouTube id>", "query": "...", "span": [2.3, 11.8], ...} or a dialogue with `meta.token`'
_KEYS = Keys({"video": "vid", "query": "query", "windows": "span"})
_TIMES = re.compile(r"(?:\bfrom\s*)?<s(\d{1,4})>\s*(?:to|and|-)?\s*<e\1>", re.IGNORECASE | re.ASCII)
_MARK = re.compile(r"<[se](\d{1,4})>\Z", re.ASCII)
_FILLER, _BEHIND = " \t\r\n,.:;-", " \t\r\n,:;-"


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each line or, in dialogues, for each query; VideoMind's durations.json overrides a line's length."""
    for source in sources.find(paths, CORPUS, split, companions=(_LENGTHS,)):
        facts = moment_jsonl.Facts(keys=_KEYS, name=_named, durations=lengths.beside(source.path), ids_unique=False)
        yield from items.rows(source, lambda item, given, facts=facts: _rows(item, given, facts), _FORM)


def _rows(item: items.Item, source: sources.Source, facts: moment_jsonl.Facts) -> items.Made:
    fields = item.fields()
    return _dialogue(item, fields, source) if "conversations" in fields else moment_jsonl.row(item, source, facts)


def _named(key: str) -> ids.Named:
    """A YouTube id, or one followed by the clock times of a cut; raises ValueError for any other key."""
    found = ids.named(key, youtube=CORPUS.youtube)
    whole = found.source_start is None or ":" in key
    if not whole or key != found.video_id or found.source_id is None or not key.startswith(found.source_id):
        raise ValueError(f"{shown(key)} is no key of InternVid-VTime, a YouTube id")
    return found


def _dialogue(item: items.Item, fields: dict[str, Any], source: sources.Source) -> Iterator[RawRow]:
    """A row for each query of a dialogue, then an unreadable row for each segment that no sentence describes."""
    if fields.get("source", "internvid") != "internvid":
        raise ValueError(f"the source is {shown(fields['source'])}, another corpus")
    named, meta = _named(words(fields.get("id"), "the id")), mapping(fields.get("meta", {}), "meta")
    times = mapping(meta.get("token", {}), "meta.token")
    if not times:
        detail = "the dialogue has no times"
        yield unreadable(item.origin, item.raw, source.split, detail, reason="no_moment_annotated")
        return
    queries = _queries(_turns(fields))
    told = {segment for _, segments in queries for segment in segments}
    untold = dict.fromkeys(segment for segment in map(_segment, times) if segment not in told)
    for query, segments in [*queries, *(("", [segment]) for segment in untold)]:
        origin = f"{item.origin}/<s{segments[0]}>"
        try:
            if segments[0] in untold:
                raise ValueError(f"no sentence tells what segment {segments[0]} shows")
            windows = [bounds([times.get(f"<s{n}>"), times.get(f"<e{n}>")]) for n in segments]
            yield _row(origin, item, named, query, windows, meta, source.split)
        except ValueError as error:
            yield unreadable(origin, item.raw, source.split, str(error))


def _segment(mark: str) -> str:
    found = _MARK.match(mark)
    if found is None:
        raise ValueError(f"meta.token has {shown(mark)}, neither <s0> nor <e0> or such")
    return found[1]


def _turns(fields: dict[str, Any]) -> list[tuple[str, str]]:
    """(question, answer) pairs of a dialogue."""
    found = [mapping(each, "a turn") for each in sequence(fields["conversations"], "conversations")]
    spoken = [words(turn.get("value"), "a turn's value").replace("<video>", "").strip() for turn in found]
    return list(zip(spoken[::2], spoken[1::2], strict=False))


def _queries(turns: list[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """The queries of a dialogue, each with its segments.

    No segment occurs twice: if a caption and a question name the same segment, the caption gets it.

    >>> _queries([("What happens?", "From <s0> to <e0>, a man rows. From <s1> to <e1>, it rains.")])
    [('a man rows.', ['0']), ('it rains.', ['1'])]
    >>> _queries([("When does it rain?", "From <s0> to <e0>, and from <s1> to <e1>.")])
    [('When does it rain?', ['0', '1'])]
    """
    captions: dict[str, str] = {}
    questions: list[tuple[str, list[str]]] = []
    for question, answer in turns:
        parts = _TIMES.split(answer)
        segments = list(dict.fromkeys(parts[1::2]))
        if not segments:
            captions |= {segment: answer for segment in _TIMES.findall(question) if segment not in captions}
        elif "".join(parts[::2]).replace("and", "").strip(_FILLER):
            found = zip(segments, (part.strip(_BEHIND) for part in parts[2::2]), strict=False)
            captions |= {segment: part for segment, part in found if part and segment not in captions}
        else:
            questions.append((question, segments))
    found = [(query, [segment]) for segment, query in captions.items()]
    rest = ((query, [each for each in segments if each not in captions]) for query, segments in questions)
    return found + [(query, segments) for query, segments in rest if segments]


def _row(
    origin: str, item: items.Item, named: ids.Named, query: str, windows: list[tuple[Bound, Bound]],
    meta: dict[str, Any], split: str,
) -> RawRow:  # fmt: skip
    cut = meta.get("split")
    start = None if cut is None else pair(cut)[0]
    return RawRow(
        origin=origin,
        raw=item.raw,
        video_id=named.video_id,
        file=named.file,
        query=query,
        windows=windows,
        split=split,
        duration=duration(meta.get("duration")),
        source_id=named.source_id,
        source_start=named.source_start if start is None else start,
        # Re-downloaded videos are the whole source; the published features cover only the cut.
        read_in_place=start is not None,
        extra={} if cut is None else {"cut": cut},
    )
