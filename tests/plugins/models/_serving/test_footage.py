"""Frames as one video for servers: what is sent is what vLLM 0.33, SGLang 0.5.23 and Gemini document."""

import base64
import io
import json
from typing import Any

import av
import msgspec
import polars as pl
import pytest

from support.builders import make_sample
from support.drawn_videos import SIDE, draw, number, picture
from support.servers import Fault, Server, in_turn, seeded
from vtgdata.engine.models import asked_model
from vtgdata.errors import VtgError
from vtgdata.files.samples import write_samples
from vtgdata.plugins.models import openai_api
from vtgdata.plugins.models._serving import footage, generate_content
from vtgdata.plugins.models._serving.reply import read
from vtgdata.plugins.models._serving.server import Failed, Waits
from vtgdata.plugins.models.openai_api import ServedModel, connect
from vtgdata.records import Endpoint, Footage, Message, NotTold, Request, Sampling, Text
from vtgdata.stages import difficulty
from vtgdata.video.decode import jpeg

EVEN, UNEVEN = (0.0, 1.5, 3.0, 4.5, 6.0, 7.5), (0.0, 0.5, 3.0, 10.0)
QWEN3, QWEN25 = "Qwen/Qwen3-VL-8B-Instruct", "Qwen/Qwen2.5-VL-7B-Instruct"


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(openai_api, "WAITS", Waits(first=0.01, limited=0.02))


def jpegs(count: int) -> tuple[bytes, ...]:
    return tuple(jpeg(picture(place), (SIDE, SIDE)) for place in range(count))


def opened(name: str, kind: Any, **more: Any) -> ServedModel:
    return connect(name, Endpoint(urls=("http://127.0.0.1:9/v1",), video_server=kind, **more))


def body(name: str, kind: Any, times: tuple[float, ...]) -> dict[str, Any]:
    """The body of a request about frames at these times."""
    shown = Footage(jpegs(len(times)), times)
    asked = (Message("user", (Text("In the video "), shown, Text(" when does it fall?"))),)
    (made,) = opened(name, kind).bodies(Request(sample_id="s", messages=asked, sampling=Sampling(), seeds=(1,)))
    return json.loads(json.dumps(made))


def test_vllm_gets_the_frames_as_jpegs_with_each_ones_own_time_and_samples_none():
    made = body(QWEN3, "vllm", UNEVEN)
    before, shown, after = made["messages"][0]["content"]
    assert (before["text"], after["text"]) == ("In the video ", " when does it fall?")
    assert set(shown) == {"type", "video_url"} and shown["type"] == "video_url" and set(shown["video_url"]) == {"url"}
    head, *sent = shown["video_url"]["url"].split(",")
    assert head == "data:video/jpeg;base64"
    assert [base64.b64decode(each, validate=True) for each in sent] == list(jpegs(4))
    assert made["media_io_kwargs"] == {
        "video": {
            "num_frames": -1, "fps": 1000, "frames_indices": [0, 500, 3000, 10000], "total_num_frames": 10001,
            "duration": 10.0, "do_sample_frames": False,
        }
    }  # fmt: skip


def test_vllm_is_told_the_one_rate_that_qwen2_5_vl_knows():
    said = body(QWEN25, "vllm", EVEN)["media_io_kwargs"]["video"]
    assert said["num_frames"] == -1 and said["do_sample_frames"] is False
    # What the processor makes of it: frames / total * fps frames a second, and i / fps for each frame.
    assert len(said["frames_indices"]) / said["total_num_frames"] * said["fps"] == pytest.approx(2 / 3)
    assert [index / said["fps"] for index in said["frames_indices"]] == pytest.approx(EVEN)
    with pytest.raises(NotTold, match="one rate"):
        opened(QWEN25, "vllm").told(UNEVEN)


@pytest.mark.parametrize("step", [1.5, 1.0, 0.5, 1 / 3, 0.5005, 2.002, 29.97])
@pytest.mark.parametrize("count", [4, 6, 64])
def test_sglang_gets_one_file_of_these_very_frames_and_takes_all_of_them(step, count):
    times = tuple(place * step for place in range(count))
    made = body(QWEN3, "sglang", times)
    shown = made["messages"][0]["content"][1]
    assert "media_io_kwargs" not in made and shown["type"] == "video_url"
    said = shown["video_url"]
    assert set(said) == {"url", "fps", "max_frames"} and said["max_frames"] == count
    head, content = said["url"].split(",")
    assert head == "data:video/mp4;base64"
    file = base64.b64decode(content, validate=True)
    with av.open(io.BytesIO(file)) as video:
        stream = video.streams.video[0]
        rate, total = float(stream.average_rate), stream.frames
        packets = [packet for packet in video.demux(stream) if packet.size]
    assert [bytes(packet) for packet in packets] == list(jpegs(count)), "nothing is encoded again"
    assert [float(packet.pts * packet.time_base) for packet in packets] == pytest.approx(times, abs=0.01)
    with av.open(io.BytesIO(file)) as video:
        shown = [number(frame.to_ndarray(format="rgb24")) for frame in video.decode(video=0)]
    assert shown == list(range(count))
    # As its reader counts: total / rate * fps, 4 at least, rounded down to an even number, spread by a linspace.
    taken = int(min(max(total / rate * said["fps"], 4), said["max_frames"], total) // 2 * 2)
    assert total == count and taken == count
    assert float(abs(said["fps"] - 1 / step)) < 1e-2


@pytest.mark.parametrize(
    ("times", "why"), [((0.0, 1.0, 2.0), "even number"), (UNEVEN, "no such rate"), ((0.0, 1.0), "at least 4")]
)
def test_what_sglang_would_show_otherwise_is_no_question(times, why):
    with pytest.raises(NotTold, match=why):
        opened(QWEN3, "sglang").told(times)


GEMINI = "gemini-2.5-pro"


@pytest.mark.parametrize("times", [EVEN, EVEN[:5], tuple(n / 3 for n in range(7)), tuple(n * 2.002 for n in range(4))])
def test_gemini_gets_an_inline_video_of_these_frames_with_their_rate(times):
    made = body(GEMINI, "gemini", times)
    (content,) = made["contents"]
    before, shown, after = content["parts"]
    assert (content["role"], before, after) == ("user", {"text": "In the video "}, {"text": " when does it fall?"})
    assert set(shown) == {"inlineData", "videoMetadata"} and set(shown["videoMetadata"]) == {"fps"}
    assert shown["inlineData"]["mimeType"] == "video/mp4"
    with av.open(io.BytesIO(base64.b64decode(shown["inlineData"]["data"], validate=True))) as video:
        assert video.streams.video[0].codec.name == "h264"
        rate = float(video.streams.video[0].average_rate)
        frames = list(video.decode(video=0))
    assert [number(frame.to_ndarray(format="rgb24")) for frame in frames] == list(range(len(times)))
    # A service that takes the frame on screen at each i / fps takes every frame, once, at its own time.
    fps = shown["videoMetadata"]["fps"]
    assert fps == pytest.approx(rate) and [place / fps for place in range(len(times))] == pytest.approx(times, abs=0.01)
    assert [float(frame.pts * frame.time_base) for frame in frames] == pytest.approx(times, abs=0.01)
    assert opened(GEMINI, "gemini").told(times) == pytest.approx(times, abs=0.01)
    assert made["generationConfig"] == {"temperature": 1.0, "topP": 1.0, "maxOutputTokens": 512, "seed": 1}
    assert set(made) == {"model", "contents", "generationConfig"}


@pytest.mark.parametrize(
    ("times", "why"),
    [((0.0,), "single frame"), (UNEVEN, "no such rate"), (tuple(n / 25 for n in range(9)), "at most 24 frames")],
)
def test_what_gemini_would_show_otherwise_is_no_question(times, why):
    with pytest.raises(NotTold, match=why):
        opened(GEMINI, "gemini").told(times)


@pytest.mark.parametrize("kind", ["vllm", "sglang"])
def test_the_told_times_are_the_familys_rule(kind):
    assert opened(QWEN3, kind).told(EVEN) == (0.8, 3.8, 6.8)
    assert opened("mine", kind, video_family="qwen3_5").told(EVEN) == (0.8, 3.8, 6.8)
    assert opened(QWEN25, kind).told(EVEN) == (0.0, 3.0, 6.0)


@pytest.mark.parametrize(
    ("name", "settings", "why"),
    [
        (QWEN3, {}, "samples a video by itself, at times that nobody tells"),
        (QWEN3, {"video_server": "vllm", "server_samples": True}, "Leave out one of the two"),
        (QWEN3, {"video_family": "qwen3_vl", "server_samples": True}, "no rule of ours"),
        ("gemini-2.5-pro", {"video_server": "gemini", "video_family": "qwen3_vl"}, "no rule of ours"),
        ("gemini-2.5-pro", {"video_server": "gemini", "body": {"contents": []}}, "Leave it out"),
        ("gemini-2.5-pro", {"video_server": "gemini", "body": {"system_instruction.parts": []}}, "Leave it out"),
        ("gemini-2.5-pro", {"video_server": "gemini", "body": {"generationConfig.candidateCount": 2}}, "Leave it out"),
        ("gemini-2.5-pro", {"video_server": "gemini", "body": {"generationConfig": {"maxOutputTokens": 9999}}}, "9999"),
        ("gemini-2.5-pro", {"video_server": "gemini", "min_p": 0.1}, "--min-p"),
        ("gemini-2.5-pro", {"video_server": "gemini", "batch": "b"}, "--batch"),
        ("mine", {"video_server": "vllm"}, "--video-family"),
        ("Qwen/Qwen2-VL-7B-Instruct", {"video_server": "vllm"}, "tells the model no seconds"),
        ("mine", {"video_server": "sglang", "video_family": "internvl"}, "tells the model no seconds"),
        (QWEN3, {"video_server": "vllm", "body": {"media_io_kwargs.video.fps": 2}}, "Leave it out"),
        (QWEN3, {"video_server": "vllm", "body": {"mm_processor_kwargs": {"fps": 2}}}, "Leave it out"),
    ],
)
def test_a_server_that_would_sample_by_itself_is_not_asked(name, settings, why, world, tmp_path):
    with Server(seeded, models=(name,)) as server:
        with pytest.raises(VtgError, match=why):
            run(world, tmp_path, server, model=f"openai_api:{name}", **settings)
        assert server.requests == []


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    draw(folder / "videos/v.mp4", 36, 4)
    write_samples(folder / "samples.parquet", [make_sample(video_id="v", duration=9.0)])
    return folder


def run(world, out, server: Server, **more: Any) -> pl.DataFrame:
    settings = difficulty.Settings(
        samples=str(world / "samples.parquet"), videos=str(world / "videos"), frames=str(world / "frames"),
        endpoint=[server.url], num_frames=6, short_side=28, n=2, out=str(out), as_="video", free=True, **more,
    )  # fmt: skip
    difficulty.run(settings)
    return pl.read_parquet(out / "rollouts.parquet")


@pytest.mark.parametrize("kind", ["vllm", "sglang"])
def test_a_run_sends_the_video_with_every_answer_and_records_what_was_told(kind, world, tmp_path):
    with Server(seeded, models=(QWEN3,)) as server:
        rows = run(world, tmp_path, server, model=f"openai_api:{QWEN3}", video_server=kind, answers_as=["*"])
    assert rows["error"].to_list() == [None, None]
    assert rows["frame_times"].to_list() == [[0.8, 3.8, 6.8]] * 2
    assert len(server.requests) == 2
    for request in server.requests:
        kinds = [part["type"] for part in request.body["messages"][-1]["content"]]
        assert kinds.count("video_url") == 1 and "image_url" not in kinds
        assert ("media_io_kwargs" in request.body) == (kind == "vllm")


def gemini(seed: int) -> dict[str, Any]:
    """A reply of `generateContent`, as its reference documents it; the answer goes by the seed."""
    start = seed % 7
    return {
        "candidates": [{
            "content": {"role": "model", "parts": [
                {"text": "It is late.", "thought": True}, {"text": f"<answer>{start}.0 to {start + 1}.0</answer>"},
            ]},
            "finishReason": "STOP", "index": 0,
        }],
        "usageMetadata": {"promptTokenCount": 700, "candidatesTokenCount": 9, "thoughtsTokenCount": 20,
                          "totalTokenCount": 729},
        "modelVersion": GEMINI, "responseId": "r",
    }  # fmt: skip


def test_a_run_asks_gemini_in_its_own_form_with_its_own_key_and_records_the_times(world, tmp_path, monkeypatch):
    monkeypatch.setenv("VTGDATA_API_KEY", "key-of-a-test")
    with Server(lambda body, _: gemini(body["generationConfig"]["seed"]), models=(GEMINI,)) as server:
        server.url += "/openai"  # the address that its OpenAI-compatible form has
        rows = run(world, tmp_path, server, model=f"openai_api:{GEMINI}", video_server="gemini", top_k=20)
    assert rows["error"].to_list() == [None, None] and rows["parse_status"].to_list() == ["ok", "ok"]
    assert rows["reasoning"].to_list() == ["It is late."] * 2
    assert (rows["tokens_in"].to_list(), rows["tokens_out"].to_list()) == ([700, 700], [29, 29])
    assert rows["frame_times"].to_list() == [pytest.approx(EVEN, abs=0.01)] * 2
    assert rows["model_id"][0].startswith(f"openai_api:{GEMINI}") and "[gemini]" in rows["model_id"][0]
    assert len(server.requests) == 2
    for request in server.requests:
        assert request.path == f"/v1/models/{GEMINI}:generateContent"
        assert request.headers["x-goog-api-key"] == "key-of-a-test" and "authorization" not in request.headers
        assert set(request.body) == {"contents", "generationConfig"} and request.body["generationConfig"]["topK"] == 20
        kinds = [set(part) for part in request.body["contents"][-1]["parts"]]
        assert kinds.count({"inlineData", "videoMetadata"}) == 1


def test_what_goes_wrong_at_gemini_is_tried_again_and_what_it_does_not_take_is_learnt(world, tmp_path):
    busy = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}
    words = "Invalid value at 'generation_config.seed': seed is not supported by this model."
    refusal = {"error": {"code": 400, "message": words, "status": "INVALID_ARGUMENT"}}

    def answer(body, number):
        if number == 0:
            return Fault(503, body=busy)
        return Fault(400, body=refusal) if "seed" in body["generationConfig"] else gemini(3)

    with Server(answer, models=(GEMINI,)) as server:
        rows = run(world, tmp_path, server, model=f"openai_api:{GEMINI}", video_server="gemini")
    assert rows["error"].to_list() == [None, None] and rows["parse_status"].to_list() == ["ok", "ok"]
    last = server.requests[-1].body["generationConfig"]
    assert last == {"temperature": 1.0, "topP": 1.0, "maxOutputTokens": 512}


@pytest.mark.parametrize(
    ("reply", "text", "ended"),
    [
        ({"promptFeedback": {"blockReason": "OTHER"}, "usageMetadata": {"promptTokenCount": 7}}, "", "content_filter"),
        ({"candidates": [{"finishReason": "SAFETY", "index": 0}]}, "", "content_filter"),
        ({"candidates": [{"finishReason": "MAX_TOKENS", "content": {"role": "model"}}]}, "", "length"),
        ({"candidates": [{"finishReason": "STOP", "content": {"role": "model"}}]}, "", "stop"),
    ],
)
def test_what_gemini_says_instead_of_an_answer(reply, text, ended):
    found, named = read(msgspec.json.encode(reply), completion=generate_content.completion)
    assert (found.text, found.finish_reason, named) == (text, ended, "")


@pytest.mark.parametrize("reply", [{}, {"candidates": []}, {"error": {"code": 503, "message": "overloaded"}}, [1]])
def test_a_document_of_gemini_without_an_answer_is_a_failure(reply):
    with pytest.raises(Failed):
        read(msgspec.json.encode(reply), completion=generate_content.completion)


def test_a_server_that_samples_by_itself_is_asked_by_the_users_word_alone(world, tmp_path, caplog):
    footage._warn.cache_clear()
    with Server(seeded, models=("mine",)) as server:
        asked = {"model": "openai_api:mine", "answers_as": ["*"], "server_samples": True}
        rows = run(world, tmp_path / "a", server, **asked)
        run(world, tmp_path / "b", server, **asked)
    warned = [record.message for record in caplog.records if "samples the frames" in record.message]
    assert len(warned) == 1 and "nobody knows" in warned[0]
    assert rows["error"].to_list() == [None, None]
    assert rows["frame_times"].to_list() == [[], []], "times that nobody knows are not recorded as known"
    assert all("[samples by itself]" in name for name in rows["model_id"])
    said = json.loads((tmp_path / "a/meta.json").read_text())
    assert said["settings"]["server_samples"] is True and "[samples by itself]" in said["summary"]["model"]
    assert len(server.requests) == 4
    for request in server.requests:
        (shown,) = [part for part in request.body["messages"][-1]["content"] if part["type"] == "video_url"]
        head, content = shown["video_url"]["url"].split(",")
        assert head == "data:video/mp4;base64" and set(shown["video_url"]) == {"url"}
        assert set(request.body) & {"media_io_kwargs", "mm_processor_kwargs"} == set()
        with av.open(io.BytesIO(base64.b64decode(content))) as video:
            packets = [packet for packet in video.demux(video.streams.video[0]) if packet.size]
        assert [float(packet.pts * packet.time_base) for packet in packets] == pytest.approx(EVEN, abs=0.01)


def test_what_says_how_a_video_is_sent_is_refused_where_none_is_and_is_part_of_the_models_id(world, tmp_path):
    with pytest.raises(VtgError, match="for --as video"):
        asked_model("openai_api:mine", difficulty.Settings(
            samples="s", model="openai_api:mine", out="o", endpoint=["http://127.0.0.1:9/v1"], videos="v",
            video_server="vllm",
        ), "sighted")  # fmt: skip
    ids = {opened(QWEN3, kind, video_family=family).id for kind, family in
           (("", ""), ("vllm", ""), ("sglang", ""), ("vllm", "qwen2_5_vl"), ("gemini", ""))}  # fmt: skip
    ids.add(opened(QWEN3, "", server_samples=True).id)
    assert len(ids) == 6 and f"openai_api:{QWEN3}" in ids


def test_a_server_that_does_not_take_the_times_is_never_asked_without_them(world, tmp_path):
    words = "Unknown parameter: media_io_kwargs is not allowed; did you mean `mm_io_kwargs`?"
    refusal = Fault(400, body={"error": {"message": words, "param": "media_io_kwargs"}})
    with Server(in_turn(*[refusal] * 40), models=(QWEN3,)) as server:
        rows = run(
            world, tmp_path, server, model=f"openai_api:{QWEN3}", video_server="vllm", max_failed=1.0, answers_as=["*"]
        )
    assert all(rows["error"]) and all("media_io_kwargs" in request.body for request in server.requests)


def test_two_videos_in_one_request_to_vllm_are_refused():
    shown = Footage(jpegs(4), UNEVEN)
    asked = Request(sample_id="s", messages=(Message("user", (shown, shown)),), sampling=Sampling(), seeds=(1,))
    with pytest.raises(VtgError, match="shows 2 videos"):
        opened(QWEN3, "vllm").bodies(asked)
