"""`transformers serve` on loopback with a tiny model: through the server and in process are the same judge.

With VTGDATA_DEMO (the folder of a demo's run) the model is the demo's own after SFT, and it must see through the
server.
"""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import numpy as np
import pytest

from support.builders import draw_video, make_sample
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples
from vtgdata.stages import difficulty, evaluate

openai = pytest.importorskip("openai")
pytest.importorskip("torch", reason="needs vtgdata[train]")
pytest.importorskip("fastapi", reason="needs vtgdata[serve]")


@pytest.fixture(scope="module")
def demo() -> Path:
    folder = os.environ.get("VTGDATA_DEMO")
    if not folder:
        pytest.skip("VTGDATA_DEMO names no demo run")
    return Path(folder)


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    started = []

    def start(model: Path) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        home = tmp_path_factory.mktemp("hub")
        command = [Path(sys.executable).parent / "transformers", "serve", model, "--host", "127.0.0.1"]
        process = subprocess.Popen(
            [*map(str, command), "--port", str(port), "--device", "cpu"],
            env=os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(home), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if "running on" in line.lower():
                break
        else:
            pytest.fail("transformers serve ended: " + "".join(lines))
        threading.Thread(target=process.stdout.read, daemon=True).start()
        return f"http://127.0.0.1:{port}/v1"

    yield start
    for process in started:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def untrained(tmp_path_factory) -> Path:
    # The server's response parser cuts the text at special tokens, which an untrained model writes at random: without
    # them in its vocabulary's output (their embedding is the output layer too) the text is whole.
    import torch

    from vtgdata.demo import tiny

    out = tmp_path_factory.mktemp("tiny")
    tokenizer = tiny.build_tokenizer()
    model = tiny.build_model(tokenizer, seed=1)
    with torch.no_grad():
        model.get_input_embeddings().weight[tokenizer.all_special_ids] = 0.0
    model.save_pretrained(out)
    tiny.build_processor(tokenizer).save_pretrained(out)
    return out


def settings(samples: Path, videos: Path, out: Path, model: str, **more) -> difficulty.Settings:
    return difficulty.Settings(
        samples=str(samples), videos=str(videos), out=str(out), model=model, prompt="shapes", num_frames=10,
        short_side=28, frames=str(out.parent / "frames"), **more,
    )  # fmt: skip


def texts(out: Path) -> list[str]:
    return [row["text"] for row in read_parquet(out / "rollouts.parquet")]


# `.ci/run` runs this file after the demo, so that once is enough: the server takes ten seconds of a core to start.
@pytest.mark.slow
def test_rollouts_differ_and_greedy_text_is_that_of_the_process(serve, untrained, tmp_path):
    videos = tmp_path / "videos"
    for i in range(3):
        draw_video(videos / f"v{i}.mp4", seconds=10.0, size=56, grey=40 + 30 * i)
    samples = tmp_path / "samples.parquet"
    write_samples(samples, [make_sample(f"s{i}", video_id=f"v{i}", duration=10.0) for i in range(3)])
    url, name = serve(untrained), f"openai_api:{untrained}"
    drawn = settings(samples, videos, tmp_path / "drawn", name, endpoint=[url], n=4, max_tokens=16)
    difficulty.run(drawn)
    assert len({*texts(tmp_path / "drawn")[:4]}) > 1
    greedy = {"n": 1, "temperature": 0.0, "max_tokens": 16}
    difficulty.run(settings(samples, videos, tmp_path / "served", name, endpoint=[url], **greedy))
    difficulty.run(settings(samples, videos, tmp_path / "local", f"transformers_local:{untrained}", **greedy))
    assert texts(tmp_path / "served") == texts(tmp_path / "local")


RECORDED = [
    entry
    for entry in msgspec.json.decode((Path(__file__).parents[1] / "plugins/models/dialects.json").read_bytes())[
        "replies"
    ]
    if entry["provider"] == "transformers serve"
]
ASKED = {
    "an answer that was cut off": {},
    "a stream, without a word that it is done": {"stream": True},
    "a field that it does not have is named": {"top_k": 5},
    "it serves one model and is asked for another": {"model": "nosuch/model"},
    "it cannot read a picture": {
        "messages": [
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,AAAA"}}]}
        ]
    },
}


def shape(body):
    """The names and types in a body, without its values."""
    if isinstance(body, dict):
        return {name: shape(value) for name, value in body.items()}
    return [shape(value) for value in body[:1]] if isinstance(body, list) else type(body).__name__


@pytest.mark.slow
def test_the_server_still_answers_as_it_was_recorded_in_the_table_of_dialects(serve, untrained):
    url = serve(untrained)
    ours = {
        "model": str(untrained), "temperature": 0.0, "top_p": 1.0, "max_tokens": 6, "seed": 1,
        "messages": [{"role": "user", "content": "When?"}],
    }  # fmt: skip
    assert {entry["what"] for entry in RECORDED} == set(ASKED)
    for entry in RECORDED:
        (status, body), more = entry["replies"][0], ASKED[entry["what"]]
        client = openai.OpenAI(base_url=url, api_key="none", max_retries=0)
        try:
            raw = client.chat.completions.with_raw_response.create(model="", messages=[], extra_body=ours | more)
            found, code = raw.content, 200
        except openai.APIStatusError as error:
            found, code = error.response.content, error.status_code
        assert code == status, entry["what"]
        if isinstance(body, dict):
            assert shape(msgspec.json.decode(found)) == shape(body), entry["what"]
        else:
            assert found[:5] == body.encode()[:5] and (b"[DONE]" in found) == ("[DONE]" in body), entry["what"]


def test_the_demo_model_sees_through_the_server(serve, demo, tmp_path):
    url = serve(demo / "sft")
    asked = evaluate.Settings(
        samples=str(demo / "data/samples.parquet"), where="split == 'test'", limit=40, blind=True, endpoint=[url],
        videos=str(demo / "shapes/videos"), out=str(tmp_path / "served"), model=[f"openai_api:{demo / 'sft'}"],
        prompt="shapes", num_frames=10, short_side=28, max_tokens=72,
    )  # fmt: skip
    served = evaluate.run(asked).models[0]
    local_model = [f"transformers_local:{demo / 'sft'}"]
    local = evaluate.run(msgspec.structs.replace(asked, out=str(tmp_path / "local"), model=local_model, endpoint=[]))
    difference = served.sighted["metrics"]["mIoU"] - served.blind["metrics"]["mIoU"]
    assert difference > 0.3
    assert texts(tmp_path / "served") == texts(tmp_path / "local")
    assert np.isclose(local.metrics["mIoU"], served.sighted["metrics"]["mIoU"])
