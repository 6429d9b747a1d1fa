"""Ids under which answers are kept and rows are published: no change of the code may change them.

Whoever changes one on purpose makes every user pay for their answers again, and says so in CHANGELOG.
"""

from importlib.metadata import version
from pathlib import Path

import msgspec
import pytest

from support.release_builders import make_release, write_inputs
from vtgdata import releases
from vtgdata.annotations.normalise import normalise
from vtgdata.conversation.prompt import load_prompt
from vtgdata.engine.work_keys import Question, answers_id, work_key
from vtgdata.files import fingerprint, plugins
from vtgdata.records import FrameSampling, Image, Message, Sample, Sampling, Text

QUESTION = Question(
    sample_id="a:1",
    messages=(Message(role="user", parts=(Text("when?"), Image(b"x", 0.5))),),
    prompt_id="p",
    frames_id="f",
    frame_times=(0.5,),
)
PROMPTS = {
    "answer_only": "answer_only-d97fe551",
    "ground": "ground-66bad2a7",
    "ground_evidence": "ground_evidence-2195902b",
    "ground_guided": "ground_guided-b41c6200",
    "ground_nothink": "ground_nothink-b6e05a40",
    "ground_or_none": "ground_or_none-774c6177",
    "ground_qa": "ground_qa-4a975f98",
    "ground_refine": "ground_refine-dc4be90b",
    "ground_several": "ground_several-6a908d8a",
    "ground_several_guided": "ground_several_guided-2ab76727",
    "shapes": "shapes-357076bf",
}
SAMPLE_IDS = {
    "activitynet_captions": "38ca462c46c473fd",
    "activitynet_cg": "60ed17a54a4edbbf",
    "captions_json": "17a9811a7302ad0d",
    "cgbench": "8ec3ecf56de0e71f",
    "charades_cg": "8b27af7225ea14ca",
    "charades_sta": "6698189c4a79dd7d",
    "coin": "55f91dea5fac781e",
    "didemo": "211a50d06626747c",
    "ego4d_nlq": "54adc4cddd8ac422",
    "extremewhenbench": "87b122e7653e4da7",
    "grounded_videollm": "51f9835f133925c8",
    "hirest": "df9e867d331125f8",
    "internvid_vtime": "0d6213bf9a2541f5",
    "moment_jsonl": "943a695f9f9ef05d",
    "momentseeker": "5536e41a2e2a7358",
    "museg": "0bd3c2e4ed83181a",
    "na_vmr": "c7f25245deed93a5",
    "nextgqa": "0a4e2825e931799f",
    "omnivtg": "ac0360080a726e6f",
    "omtg_bench": "49b14a8b64d6c379",
    "queryd": "0b66c0888f5056a6",
    "qvhighlights": "8f030cc8465d4331",
    "rarft": "99b31443b0de3044",
    "rextime": "c4605dd0fdcb24ef",
    "samples": "0bcebe79dbf5d6fe",
    "shapes": "1dfb880e00803667",
    "tacos": "5182a8e7813475a4",
    "tempsamp_r1": "0df0fd226493d73c",
    "timeit": "690ec961dbe5f3e7",
    "timelens2_93k": "8a2ca690d93f6ba6",
    "timelens_100k": "caf7ceed389e091b",
    "timelens_bench": "82cf57e6fff28bf5",
    "timerft": "3e9787a509e8d137",
    "tvg_r1": "4e1bee8119c342d3",
    "tvgbench": "aceef3768ff7172b",
    "tvsum": "77d2e978a2c2d019",
    "vidchapters": "511c0399260a3834",
    "videomind": "9df0586533a78845",
    "vitt": "48b003c85c9ba2ef",
    "vue_tr": "d60342b27b297bc4",
    "vue_tr_v2": "c9846f566399e728",
    "youcook2": "d700f42ca72bc7fd",
    "youtube_highlights": "522f09e491d2f099",
}
"""Of each corpus, a fingerprint of the ids of its example's samples, in order."""


def test_a_work_key():
    assert work_key(QUESTION, "m", Sampling(), 0, 7) == "24509a68acd008daa4b0eb867d4eaf1c"


def test_what_the_answers_of_a_run_have_in_common():
    assert answers_id("m", "p", FrameSampling(), True, Sampling(), 7, "sighted") == "db9584836f90ec1f"


def test_the_id_of_frames():
    assert fingerprint.short(["content", FrameSampling(), "pyav"]) == "d3c0b6b072f85e8b"


@pytest.mark.parametrize("name", PROMPTS)
def test_the_id_of_a_prompt(name):
    assert load_prompt(name).id == PROMPTS[name]


@pytest.mark.parametrize("name", SAMPLE_IDS)
def test_the_ids_of_a_corpus(name, tmp_path: Path):
    module = plugins.load("corpora", name)
    paths = [tmp_path / file for file in module.EXAMPLE.files]
    for path in paths:
        path.write_text(module.EXAMPLE.files[path.name], encoding="utf-8", newline="")
    rows = normalise(module.read(paths, module.EXAMPLE.split), module.CORPUS)
    ids = [sample.sample_id for sample in rows if isinstance(sample, Sample)]
    assert fingerprint.short(ids) == SAMPLE_IDS[name]


def test_the_content_of_a_release(tmp_path: Path):
    # Another polars or pyarrow may write the same rows as other bytes.
    stated = (Path(__file__).parents[2] / "constraints.txt").read_text().splitlines()
    other = [name for name in ("polars", "pyarrow") if f"{name}=={version(name)}" not in stated]
    if other:
        pytest.skip(f"not the versions of constraints.txt: {', '.join(other)}")
    made = releases.open_release(str(make_release(tmp_path / "made", write_inputs(tmp_path))))
    document, pages = made.document, {"README.md", "LICENSES.md", "rebuild.json", "recipe.yaml"}
    files = {name: file for name, file in document.files.items() if name not in pages and "plots/" not in name}
    content = releases.content(msgspec.structs.replace(document, files=files, timelines=msgspec.UNSET))
    assert content == "0169718c1d9b5889171755fb7bd1de9118358183c9dfc202e07af95ecdfa68c0"
    assert made.content == "5ad651281094ad50e1e7e07e118feff7ef76c7652d467316fc5799528414d539"
