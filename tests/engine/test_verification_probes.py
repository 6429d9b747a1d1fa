"""A hundred answers by somebody who had not read the verifiers, half of them sealed: who builds the chain reads none of
the sealed texts, and sees only these counts.
"""

import zlib
from collections import Counter
from pathlib import Path

import msgspec

from vtgdata.conversation.answer import Form, parse
from vtgdata.conversation.prompt import load_prompt
from vtgdata.engine.verification import DEFAULT_CHAIN, chain
from vtgdata.files import plugins
from vtgdata.files.schemas import ROLLOUTS
from vtgdata.records import Sample, Video, Window

HERE = Path(__file__).parent / "verification_probes"
GROUND = load_prompt("ground")
QA = Form("<answer>{option}</answer> <glue>[({start}, {end})]</glue>")


def cases():
    packed = zlib.decompress((HERE / "sealed.bin").read_bytes())
    for half, text in (("sealed", packed), ("open", (HERE / "open.jsonl").read_bytes())):
        for line in text.split(b"\n"):
            if line:
                yield half, msgspec.json.decode(line)


def sample_of(case):
    return Sample(
        sample_id=case["id"], corpus="probes", split="train", query=case["query"], task=case["task"],
        video=Video(video_id=case["id"], file=f"{case['id']}.mp4", duration=case["duration"], status="ok"),
        windows=tuple(Window(*pair) for pair in case["windows"]), options=tuple(case["options"]), answer=case["answer"],
    )  # fmt: skip


def row_of(case, sample):
    answer = parse(case["text"], duration=case["duration"], form=QA if case["options"] else GROUND.form)
    scores = {name: float(plugins.load("scores", name).score([answer], [sample])[0]) for name in ("tiou", "answer")}
    row = {
        "key": case["id"], "sample_id": case["id"], "model_id": "teacher", "index": 0, "text": case["text"],
        "prompt_id": "ground_qa-00000000" if case["options"] else GROUND.id, "reasoning": answer.reasoning,
        "windows": [[window.start, window.end] for window in answer.windows], "option": answer.option,
        "parse_status": answer.parse_status, "strict_ok": answer.strict_ok, "iou": scores["tiou"],
        "scores": [{"name": name, "value": value} for name, value in scores.items() if value == value],
        "finish_reason": "stop",
    }  # fmt: skip
    return {name: row.get(name) for name in ROLLOUTS}


def test_sound_answers_pass_and_faulty_ones_are_caught():
    """`beats_blind` needs other samples, of which there are none here: its cases are left out."""
    dropped, faulty, caught = Counter(), Counter(), Counter()
    for half, case in cases():
        sample = sample_of(case)
        (reason,) = chain([row_of(case, sample)], sample, None, DEFAULT_CHAIN)
        if case["fault"] is None:
            dropped[half] += reason is not None
        elif case["fault"] != "beats_blind":
            faulty[half] += 1
            caught[half] += reason is not None
    assert dropped.total() <= 1
    assert dropped["sealed"] == 0
    assert caught["sealed"] == faulty["sealed"] == 23
    assert caught.total() >= 44
