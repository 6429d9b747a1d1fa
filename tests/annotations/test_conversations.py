"""Conversations as fine-tuning data writes them: question and answer become query and windows, or a named drop."""

import json
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations.conversations import quotation
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import conversations, moment_jsonl
from vtgdata.records import Drop, Sample

ASKED, SAID = "<video>\nWhen does the man wave?", "From 12.5 to 17.8 seconds."
VIDEO = {"videos": ["clips/K7QZ2.mp4"]}
TURNS = [{"role": "user", "content": ASKED}, {"role": "assistant", "content": SAID}]
SPOKEN = [{"from": "human", "value": ASKED}, {"from": "gpt", "value": SAID}]

FORMS = {
    "ms-swift messages": {"messages": TURNS} | VIDEO,
    "ShareGPT": {"id": "1", "video": "K7QZ2.mp4", "conversations": SPOKEN},
    "LLaMA-Factory": {"conversations": [{"from": "system", "value": "Be kind."}, *SPOKEN]} | VIDEO,
    "parts of Qwen": {
        "messages": [
            {"role": "user", "content": [
                {"type": "video", "video": "file:///data/K7QZ2.mp4", "fps": 2.0},
                {"type": "text", "text": "When does the man wave?"},
            ]},
            {"role": "assistant", "content": [{"type": "text", "text": SAID}]},
        ]
    },
    "video in the text": {
        "messages": [{"role": "user", "content": "<video>K7QZ2.mp4</video>When does the man wave?"}, TURNS[1]]
    },
    "query and response": {"query": ASKED, "response": SAID} | VIDEO,
    "alpaca": {"instruction": "<video>", "input": "When does the man wave?", "output": SAID, "video": "K7QZ2.mp4"},
    "pairs": {"conversation": [{"human": ASKED, "assistant": SAID}], "video": "K7QZ2.mp4"},
    "videos as objects": {"messages": TURNS, "videos": [{"path": "K7QZ2.mp4"}]},
}  # fmt: skip


def outcomes(tmp_path: Path, records: list[Any], **more: Any) -> list[Sample | Drop]:
    path = tmp_path / "sg_train.json"
    path.write_text(json.dumps(records))
    return list(normalise(conversations.read([path], None, **more), conversations.CORPUS))


@pytest.mark.parametrize("name", FORMS)
def test_query_window_and_video_come_out_of_a_conversation(tmp_path, name):
    (found,) = outcomes(tmp_path, [FORMS[name]])
    assert isinstance(found, Sample)
    assert (found.query, found.video.video_id) == ("When does the man wave?", "K7QZ2")
    assert [(window.start, window.end) for window in found.windows] == [(12.5, 17.8)]


def test_json_lines_are_read_as_a_list_is(tmp_path):
    path = tmp_path / "sg_train.jsonl"
    path.write_text("\n".join(json.dumps(FORMS["ms-swift messages"]) for _ in range(2)))
    assert len(list(conversations.read([path], None))) == 2


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("He greets a friend.", "no_time_in_answer"),
        ("From 17.8 to 12.5 seconds.", "reversed"),
        (
            "From 0 to 5 seconds a man walks slowly into the kitchen and puts a large red pot on the old stove. "
            "From 5 to 9 seconds the same man opens a drawer, takes a spoon out of it and begins to stir the soup.",
            "answer_describes_events",
        ),
    ],
)
def test_an_answer_that_is_no_label_becomes_a_drop_with_its_reason(tmp_path, answer, reason):
    record = {"messages": [TURNS[0], {"role": "assistant", "content": answer}]} | VIDEO
    found = outcomes(tmp_path, [FORMS["ShareGPT"], record])
    assert [each.reason for each in found if isinstance(each, Drop)] == [reason]


@pytest.mark.parametrize(
    ("record", "word"),
    [
        ({"messages": TURNS}, "no video"),
        ({"messages": TURNS, "videos": ["a.mp4", "b.mp4"]}, "2 videos"),
        ({"messages": TURNS[:1]} | VIDEO, "no answer"),
        ({"messages": [{"role": "tool", "content": "x"}]} | VIDEO, "'tool'"),
        ({"messages": [{"role": ["user"], "content": "x"}]} | VIDEO, "speaker"),
        ({"messages": []} | VIDEO, "no messages"),
        ({"messages": TURNS, "videos": [["1.jpg", "2.jpg"]]}, "pictures"),
        ({"text": "hello"}, "'text'"),
    ],
)
def test_a_record_that_is_no_conversation_about_one_video_is_named(tmp_path, record, word):
    with pytest.raises(VtgError, match=word):
        outcomes(tmp_path, [record])


def test_every_question_of_a_conversation_is_a_row_of_its_own(tmp_path):
    more = [{"role": "user", "content": "And when does he sit?"}, {"role": "assistant", "content": "20 s to 25 s"}]
    found = outcomes(tmp_path, [{"messages": [*TURNS, *more]} | VIDEO])
    assert [each.query for each in found if isinstance(each, Sample)] == [
        "When does the man wave?", "And when does he sit?",
    ]  # fmt: skip


def test_keys_of_other_names_are_given_by_the_user(tmp_path):
    record = {"talk": TURNS, "clip": "K7QZ2.mp4", "videos": ["no.mp4"]}
    (found,) = outcomes(tmp_path, [record], map={"turns": "talk", "video": "clip"})
    assert isinstance(found, Sample) and found.video.video_id == "K7QZ2"


@pytest.mark.parametrize(
    ("question", "query"),
    [
        ("Find the moment of the query 'the dogs' bowl isn't full' in the video.", "the dogs' bowl isn't full"),
        ("Locate the event: \"a man waves\". Answer as 'start to end'.", "a man waves"),
        ("'a man waves': when?", "a man waves"),
        ("When does “a man wave”?", "a man wave"),
        ('When does the man say "hello my friend"?', None),
        ("Which comes first, the event 'a' or the event 'b'?", None),
        ("When isn't the dog's bowl full?", None),
    ],
)
def test_a_quotation_is_the_query_where_the_question_asks_about_it(question, query):
    assert quotation(question) == query


def test_the_reader_of_moments_hands_a_file_of_conversations_on(tmp_path):
    path = tmp_path / "sg_train.json"
    for name in ("ms-swift messages", "ShareGPT"):
        path.write_text(json.dumps([FORMS[name]]))
        (row,) = moment_jsonl.read([path], "train")
        assert (row.query, row.video_id, row.windows) == ("When does the man wave?", "K7QZ2", [(12.5, 17.8)])
    path.write_text(json.dumps([FORMS["ShareGPT"] | {"sentence": "a man waves", "timestamps": [[1, 2]]}]))
    (row,) = moment_jsonl.read([path], "train")
    assert row.query == "a man waves"


def test_an_answer_that_it_does_not_happen_is_a_label_where_a_moment_is_asked_for(tmp_path):
    turns = [
        ("When does the dog bark?", "There is no such moment in this video."),
        ("Locate the event 'a kite lands'.", "<answer>The event does not happen.</answer>"),
        ("What colour is the van?", "The van does not appear in the video."),
        ("When does it rain?", ""),
    ]
    lines = [{"query": f"<video>K7QZ2.mp4</video> {asked}", "response": said} for asked, said in turns]
    (tmp_path / "my_train.jsonl").write_text("\n".join(map(json.dumps, lines)))
    rows = list(conversations.read([tmp_path / "my_train.jsonl"], None))
    assert [row.none_is_right for row in rows] == [True, True, False, False]
    assert [row.problem is None for row in rows] == [True, True, False, False]
    found = list(normalise(rows, conversations.CORPUS))
    assert [(each.query, each.windows) for each in found if isinstance(each, Sample)] == [
        ("When does the dog bark?", ()), ("a kite lands", ()),
    ]  # fmt: skip
