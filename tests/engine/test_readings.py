"""Stored answers: where their reading still holds it is taken, else each text is parsed; the result is the same."""

import shutil
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.builders import make_sample
from vtgdata.conversation.answer import parse
from vtgdata.conversation.answer_form import Form
from vtgdata.engine import readings, rollouts, stored_rows
from vtgdata.errors import VtgError
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import read_samples, write_samples
from vtgdata.files.schemas import ROLLOUTS
from vtgdata.records import Reply
from vtgdata.stages import coldstart, difficulty

TEXTS = [
    "<think>The person opens the door.</think><answer>5.0 to 10.0</answer>",
    "<think>\nFrom 4 s on.\n</think>\n<answer>4.0s - 9.0s</answer>",
    "There is no such moment.",
    "<answer>9.0 to 3.0</answer>",
    "I see it at 5.0 to 9.0 and again <answer>20.0 to 25.0</answer>",
    "words alone",
]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> coldstart.Summary:
    monkeypatch.chdir(tmp_path)
    names = [f"t:{n}" for n in range(5)]
    write_samples(Path("samples.parquet"), [make_sample(name, video_id=name, windows=[(5.0, 10.0)]) for name in names])
    Path("texts.json").write_bytes(msgspec.json.encode(dict.fromkeys(names, TEXTS)))
    return cold(out="made")


def cold(**changes) -> coldstart.Summary:
    values = {
        "samples": "samples.parquet",
        "n": len(TEXTS),
        "concurrency": 1,
        "model": "support.told_teacher:texts.json",
        "per_sample": 0,
    }
    found = coldstart.run(coldstart.Settings(**values | changes))
    assert isinstance(found, coldstart.Summary)
    return found


@pytest.fixture
def parsed(monkeypatch) -> list[str | None]:
    """The texts that are parsed from now on."""
    seen: list[str | None] = []

    def noted(text, **settings):
        seen.append(text)
        return parse(text, **settings)

    monkeypatch.setattr(rollouts, "parse", noted)
    return seen


def bytes_of(folder: str) -> list[bytes]:
    return [Path(folder, name).read_bytes() for name in ("rollouts.parquet", "traces.parquet")]


def test_what_this_parser_read_is_not_parsed_again_and_nothing_changes(made, parsed):
    cold(rollouts="made/rollouts.parquet", out="again")
    absent = [text for text in TEXTS if parse(text, form=Form()).parse_status in ("no_answer", "unparsable")]
    assert sorted(parsed) == sorted(absent * 5), "whether an answer says that there is no moment is in no column"
    assert bytes_of("again") == bytes_of("made")
    del parsed[:]
    cold(rollouts="again/rollouts.parquet", out="more", where="sample_id in ('t:1', 't:3')")
    assert len(parsed) == 2 * len(absent), "of some samples, and of a file that was itself made from stored answers"


def test_changed_labels_are_scored_anew_without_parsing(made, parsed):
    moved = [msgspec.structs.replace(each, label_version="original+r1", windows=make_sample(windows=[(20, 25)]).windows)
             for each in read_samples("samples.parquet")]  # fmt: skip
    write_samples(Path("moved.parquet"), moved)
    difficulty.run(difficulty.Settings(
        samples="moved.parquet", rollouts="made/rollouts.parquet", n=len(TEXTS), model="scripted:samples.parquet",
        out="hard",
    ))  # fmt: skip
    assert len(parsed) < len(TEXTS) * 5
    best = {row["text"]: row["iou"] for row in read_parquet("hard/rollouts.parquet")}
    assert best[TEXTS[4]] == 1.0 and best[TEXTS[0]] == 0.0


def another_parser(monkeypatch):
    monkeypatch.setattr(readings, "parser", lambda: "another")


def no_meta(monkeypatch):
    Path("made/meta.json").unlink()


def older_meta(monkeypatch):
    meta = msgspec.json.decode(Path("made/meta.json").read_bytes())
    del meta["parser"]
    Path("made/meta.json").write_bytes(msgspec.json.encode(meta))


def touched_answers(monkeypatch):
    frame = pl.read_parquet("made/rollouts.parquet")
    frame.with_columns(strict_ok=pl.lit(False), parse_status=pl.lit("ok")).write_parquet("made/rollouts.parquet")


def samples_gone(monkeypatch):
    shutil.move("samples.parquet", "elsewhere.parquet")


def other_samples(monkeypatch):
    shutil.copy("samples.parquet", "elsewhere.parquet")
    write_samples(Path("samples.parquet"), list(read_samples("samples.parquet"))[:4])


def changed(**fields):
    def change(monkeypatch):
        samples = list(read_samples("samples.parquet"))
        if "duration" in fields:
            samples = [msgspec.structs.replace(e, video=msgspec.structs.replace(e.video, **fields)) for e in samples]
        else:
            samples = [msgspec.structs.replace(e, **fields) for e in samples]
        write_samples(Path("elsewhere.parquet"), samples)

    return change


@pytest.mark.parametrize(
    "change",
    [another_parser, no_meta, older_meta, touched_answers, samples_gone, other_samples,
     pytest.param(changed(duration=8.0), id="duration"), pytest.param(changed(options=("a", "b")), id="options")],
)  # fmt: skip
def test_where_a_reading_may_no_longer_hold_each_text_is_parsed(made, parsed, monkeypatch, change):
    change(monkeypatch)
    samples = "elsewhere.parquet" if Path("elsewhere.parquet").exists() else "samples.parquet"
    cold(samples=samples, rollouts="made/rollouts.parquet", out="again")
    assert sorted(map(str, parsed)) == sorted(TEXTS * 5)
    if samples == "samples.parquet" and change is not touched_answers:
        assert bytes_of("again") == bytes_of("made")


@given(
    st.text("<>/think reason\n.assistantfinal◁", max_size=40), st.text("<>/think answer 1to2.", max_size=40),
    st.sampled_from(["stop", "length"]),
)  # fmt: skip
def test_reasoning_that_came_apart_is_kept_only_where_its_text_reads_the_same(thought, said, finish):
    reply = Reply(text=f"{said}<answer>1.0 to 2.0</answer>", reasoning=thought or None, finish_reason=finish)
    first = parse(reply.text, reasoning=reply.reasoning, finish_reason=finish, form=Form())
    row = dict.fromkeys(ROLLOUTS) | {
        "text": rollouts.whole_text(reply), "windows": [[w.start, w.end] for w in first.windows],
        "parse_status": first.parse_status, "strict_ok": first.strict_ok, "reasoning": first.reasoning,
        "finish_reason": finish,
    }  # fmt: skip
    kept = readings.reading_of(row)
    assert kept is None or kept == parse(row["text"], finish_reason=finish, form=Form())


def test_rows_in_any_order_are_found_by_sample(made, monkeypatch):
    frame = pl.read_parquet("made/rollouts.parquet")
    frame.sample(fraction=1.0, shuffle=True, seed=3).write_parquet("mixed.parquet", row_group_size=4)
    monkeypatch.setattr(stored_rows, "PASSES", 1)
    cold(rollouts="mixed.parquet", out="again")
    assert bytes_of("again") == bytes_of("made")


def test_a_group_of_an_ordered_file_is_read_once(made, monkeypatch):
    pl.read_parquet("made/rollouts.parquet").write_parquet("groups.parquet", row_group_size=7)
    prompt, sampling = (pl.read_parquet("groups.parquet")[name][0] for name in ("prompt_id", "sampling_id"))
    found = stored_rows.StoredRows("groups.parquet", prompt, sampling)
    rows = found.of_model(found.models()[0])
    for number in range(5):
        assert rows.take([(f"t:{number}", len(TEXTS))])["index"].to_pylist() == list(range(len(TEXTS)))
    groups = len(rows._starts) - 1  # versions of polars cut the same rows differently
    assert rows._reads == groups >= 4 and len(rows._held) <= stored_rows.GROUPS
    assert rows.lacking("t:1", len(TEXTS) + 1) == len(TEXTS) and rows.lacking("nobody", 1) == 0


def test_two_answers_for_one_place_are_named(made):
    frame = pl.read_parquet("made/rollouts.parquet")
    pl.concat([frame, frame[3:4]]).write_parquet("twice.parquet")
    with pytest.raises(VtgError, match="'t:0' has two answers with index 3"):
        cold(rollouts="twice.parquet", out="again")
