"""Hostile folders: modules and programs that would run, media of forbidden kinds, a model with code of its own."""

import json
import os
from pathlib import Path

from support.builders import make_sample
from vtgdata.files.samples import read_samples, write_samples

STRAY = (
    *("numpy", "av", "PIL", "msgspec", "polars", "pyarrow", "json5", "sitecustomize", "usercustomize", "typer", "yaml"),
    *("secrets", "pathlib", "sysconfig", "json", "re", "typing", "logging", "asyncio", "tempfile", "inspect", "ffmpeg"),
    *("torch", "transformers", "trl", "datasets", "huggingface_hub", "openai", "platformdirs", "random", "socket"),
)
"""Names of modules that a folder of data could have; a vtgdata.py would be what `python -m vtgdata` asks for."""
PROGRAMS = ("ffmpeg", "ffprobe", "gs", "convert", "sh", "uname", "python", "python3", "git", "gcc", "ldconfig")
CODE = "import os, pathlib\npathlib.Path(__file__).with_suffix('.ran').write_text(str(dict(os.environ)))\n"


def stray(folder: Path) -> dict[str, str]:
    """Modules and programs that show it if they are run; the variables with which the programs could be found."""
    for name in STRAY:
        (folder / f"{name}.py").write_text(CODE)
    (folder / "PIL.py").unlink()
    (folder / "PIL").mkdir(exist_ok=True)
    (folder / "PIL/__init__.py").write_text(CODE)
    for name in PROGRAMS:
        (folder / name).write_text(f"#!/bin/sh\nenv > '{folder}/{name}.ran'\n")
        (folder / name).chmod(0o755)
    return {"PATH": os.pathsep.join(["", ".", os.environ["PATH"]])}


def ran(folder: Path) -> list[Path]:
    """What was run."""
    return list(folder.rglob("*.ran"))


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n(w) file pop showpage\n%%EOF\n"


def media(world: Path) -> None:
    """Videos and pictures that would start a program or lead elsewhere, each with a sample on it."""
    secret = world.parent / "elsewhere"
    secret.mkdir()
    (secret / "secret.jpg").write_bytes(EPS)
    videos = world / "videos"
    for name, picture in {"eps": EPS, "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>", "pcd": b"PCD_IPI"}.items():
        (videos / name).mkdir()
        (videos / name / "0001.jpg").write_bytes(picture)
    (videos / "out").mkdir()
    (videos / "out/0001.jpg").symlink_to(secret / "secret.jpg")
    for name in ("eps", "svg", "pcd", "out"):
        (videos / name / "times.json").write_text('{"files": ["0001.jpg"], "times": [0.0], "duration": 4.0}')
    texts = {
        "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.2:9/a.ts\n",
        "concat": f"ffconcat version 1.0\nfile '{secret}/secret.jpg'\n",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.2\nc=IN IP4 127.0.0.2\nm=video 5004 RTP/AVP 96\n",
        "avs": 'LoadPlugin("x.dll")\n',
    }
    for name, text in texts.items():
        (videos / f"{name}.mp4").write_text(text)
    path = world / "samples/samples.parquet"
    names = ("eps", "svg", "pcd", "out", *texts)
    more = [make_sample(f"s{name}", video_id=name, duration=4.0, windows=[(1.0, 2.0)], split="rl") for name in names]
    write_samples(path, [*read_samples(path), *more])


def model(folder: Path) -> Path:
    """A model's folder that names code in every way there is."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "evil.py").write_text(CODE + "class Evil: ...\n")
    (folder / "custom_generate").mkdir(exist_ok=True)
    (folder / "custom_generate/generate.py").write_text(CODE + "def generate(*a, **k): ...\n")
    own = dict.fromkeys(("AutoConfig", "AutoModelForImageTextToText", "AutoModel"), "evil.Evil")
    config = {"model_type": "evil", "architectures": ["Evil"], "auto_map": own}
    (folder / "config.json").write_text(json.dumps(config))
    for name in ("processor_config", "preprocessor_config", "tokenizer_config", "video_preprocessor_config"):
        kinds = ("AutoProcessor", "AutoImageProcessor", "AutoTokenizer", "AutoVideoProcessor")
        stated = {"processor_class": "Evil", "tokenizer_class": "Evil", "auto_map": dict.fromkeys(kinds, "evil.Evil")}
        (folder / f"{name}.json").write_text(json.dumps(stated))
    return folder
