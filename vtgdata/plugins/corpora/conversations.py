"""Any corpus of conversations: ms-swift `messages`, ShareGPT, LLaVA and Qwen-VL fine-tuning files, query and response.

Raw line:  {"messages": [{"role": "user", "content": "<video>When does the man wave?"},
            {"role": "assistant", "content": "From 12.5 to 17.8 seconds."}], "videos": ["K7QZ2.mp4"]}
Query:     the quotation that the question asks about, else the whole question.
Windows:   read out of the answer by the parser of answers; an answer without a time becomes a drop. Give units other
           than seconds with `--unit`.
Keys:      name others with `--map turns=dialogue,video=clip`; also question, answer, id, duration.
Corpus:    give its name with `--name` and its licence with `--license`; the file does not tell them.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from vtgdata.annotations import conversations, folders, sources
from vtgdata.annotations.moment_jsonl import Facts
from vtgdata.records import Corpus, Example, RawRow, Split, Unit

CORPUS = Corpus(
    name="conversations",
    title="Conversations (any corpus)",
    summary="Fine-tuning data: questions about videos, with answers that say a time in words.",
    splits=(
        Split(name="train", files=("*train*.json", "*train*.jsonl")),
        Split(name="val", files=("*val*.json", "*val*.jsonl")),
        Split(name="test", files=("*test*.json", "*test*.jsonl"), benchmark=True),
    ),
    license="LicenseRef-unstated",
    license_link="https://spdx.github.io/spdx-spec/v2.3/SPDX-license-list/",
    license_confidence="C",
    homepage="",
    citation="The corpus's own, which its file does not tell.",
    grid=None,
    family="conversations",
    records=(conversations.RECORDS,),
    usage="my_train.json --name my_corpus --license CC-BY-4.0",
)

EXAMPLE = Example(
    files={
        "my_train.json": """[
  {"messages": [{"role": "system", "content": "You are kind."},
    {"role": "user", "content": "<video>When does the man wave?"},
    {"role": "assistant", "content": "From 12.5 to 17.8 seconds."}], "videos": ["clips/K7QZ2.mp4"]},
  {"id": "1", "video": "K7QZ3.mp4", "duration": 20, "conversations": [
    {"from": "human", "value": "<video>\\nLocate the event 'a dog runs'. Answer as 'start to end'."},
    {"from": "gpt", "value": "<think>At 3 s it runs.</think><answer>00:03 to 00:25</answer>"},
    {"from": "human", "value": "Why does it run?"}, {"from": "gpt", "value": "It saw a cat."}]},
  {"messages": [{"role": "user", "content": [{"type": "video", "video": "file:///data/M2XP0.mp4"},
    {"type": "text", "text": "When does it rain?"}]},
    {"role": "assistant", "content": [{"type": "text", "text": "It rains from 2 to 4 s and from 8 to 9 s."}]}]},
  {"query": "<video>M2XP1.mp4</video> When does it snow?", "response": "between 5 s and 3 s"},
  {"query": "When?", "response": "from 1 to 2 s", "videos": ["a.mp4", "b.mp4"]}
]"""
    },
    samples=[
        ("K7QZ2", "When does the man wave?", [[12.5, 17.8]]),
        ("K7QZ3", "a dog runs", [[3.0, 20.0]]),
        ("M2XP0", "When does it rain?", [[2.0, 4.0], [8.0, 9.0]]),
    ],
    drops=["no_time_in_answer", "reversed", "unreadable_row"],
)


def read(
    paths: Sequence[Path],
    split: str | None,
    *,
    map: Mapping[str, str] | None = None,
    unit: Unit = "seconds",
    fps: float | None = None,
    source_clock: bool = False,
) -> Iterator[RawRow]:
    """One row for each question with its answer.

    Args:
        paths: files, or folders of files whose names tell their split.
        split: the split of files whose names do not tell it.
        map: our name of a field (turns, video, question, answer, id, duration, split) -> the file's key.
        unit: unit of the times in the answers.
        fps: frames per second, if times are in frames.
        source_clock: whether times count from the start of the video that the files were cut from.
    """
    keys, found = conversations.keys(map), sources.find(paths, CORPUS, split)
    placed = [source.path for source in found if folders.has_folders(source.path)]
    name = folders.naming(key for path in placed for key in conversations.video_keys(path, keys))
    facts = Facts(keys=keys, name=name, unit=unit, fps=fps, source_clock=source_clock)
    for source in found:
        yield from conversations.rows(source, facts)
