"""A release of published files of four corpora, and what must hold of any release's pages."""

import re
from pathlib import Path

import polars as pl
import pytest

from support.published import published
from support.release_builders import make_release, make_sample, make_trace, write_inputs
from vtgdata import releases
from vtgdata.annotations import licences
from vtgdata.files import plugins
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import write_samples
from vtgdata.files.schemas import DRAWN, DROPS, TRACES, WEIGHT
from vtgdata.releases import card, teacher_terms
from vtgdata.releases.columns import MARKS
from vtgdata.releases.croissant import DESCRIPTIONS
from vtgdata.releases.write import datetime
from vtgdata.stages import ingest

FILES = {
    "charades_sta": ("corpora/charades_sta", "train"),
    "qvhighlights": ("corpora/qvhighlights/highlight_val_release.jsonl", ""),
    "hirest": ("corpora/hirest", ""),
    "nextgqa": ("corpora/nextgqa", ""),
}


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> tuple[Path, list[dict]]:
    """The release, and what each ingest reported."""
    folder = tmp_path_factory.mktemp("real")
    reports = [
        ingest.run(ingest.Settings(corpus=name, paths=[str(published(path))], split=split, out=str(folder / name)))
        for name, (path, split) in FILES.items()
    ]
    pl.concat([pl.read_parquet(folder / name / "samples.parquet") for name in FILES]).write_parquet(
        folder / "samples.parquet"
    )
    drops = [str(folder / name / "drops.parquet") for name in FILES]
    out = make_release(folder / "v1", {"samples": str(folder / "samples.parquet"), "drops": drops})
    return out, reports


def test_rows_of_the_release_are_the_rows_read_less_the_drops(real):
    document = releases.open_release(str(real[0])).document
    assert document.counts["samples"]["corpus"] == {
        report.corpus: report.rows - report.drops for report in sorted(real[1], key=lambda r: r.corpus)
    }
    assert sum(document.drops.values()) == sum(report.drops for report in real[1])
    assert set(document.corpora) == set(FILES) and sum(report.rows for report in real[1]) > 20_000


def test_the_card_of_real_rows_is_valid_and_has_no_annotation_path_or_secret(real, monkeypatch):
    text = (real[0] / "README.md").read_text()
    metadata = card.read_metadata(text)
    assert metadata["license"] == "other" and {each["config_name"] for each in metadata["configs"]} == {
        "samples", "drops",
    }  # fmt: skip
    from huggingface_hub import DatasetCard

    assert DatasetCard(text).data.to_dict()["license_link"] == "LICENSES.md"
    for name in releases.open_release(str(real[0])).files:
        raw = (real[0] / name).read_bytes()
        assert str(real[0].parent).encode() not in raw and not re.search(rb"hf_[A-Za-z]{20}|sk-[A-Za-z0-9]{20}", raw)
    for row in releases.open_release(str(real[0])).rows("samples", "train")[::500]:
        assert len(row["query"]) < 20 or row["query"] not in text


def test_the_card_cites_every_corpus_and_every_licence_has_its_notice(real):
    text = (real[0] / "README.md").read_text()
    document = releases.open_release(str(real[0])).document
    for facts in document.corpora.values():
        assert card.cell(facts["citation"]) in text
    named = {part for facts in document.corpora.values() for each in facts["licenses"] for part in each.split(" AND ")}
    notices = "".join(path.read_text() for path in (real[0] / "LICENSES").iterdir())
    assert all(f"{licences.find(name).id}:" in notices for name in named)


def numbers(text: str) -> set[float]:
    """The numbers in a text; ids and hashes have none."""
    found = re.findall(r"(?<![\w.-])\d[\d,]*(?:\.\d+)*(?![\w-])", text)
    return {float(each.replace(",", "")) for each in found if each.count(".") < 2}


@pytest.mark.parametrize("rich", [False, True], ids=["of four corpora", "with every config"])
def test_every_number_of_a_card_is_in_its_release_json_or_rebuild_json(real, tmp_path, rich):
    folder = make_release(tmp_path / "v1", write_inputs(tmp_path)) if rich else real[0]
    body = (folder / "README.md").read_text().split("\n---\n", 1)[1]
    # The steps and raw files are told by the file that rebuilds the release.
    document = (folder / "release.json").read_text() + (folder / "rebuild.json").read_text()
    written = (plugins.resources("cards") / "dataset.md.j2").read_text() + " ".join(DESCRIPTIONS.values())
    samples = sum(data.rows for data in releases.open_release(str(folder)).document.configs["samples"].values())
    strange = numbers(body) - numbers(re.sub(r'["{}\[\]:]', " ", document)) - numbers(written) - {samples}
    assert len(numbers(body)) > 15 and not strange


def test_croissant_of_real_rows_validates(real):
    mlcroissant = pytest.importorskip("mlcroissant", reason="needs the extra croissant")
    found = mlcroissant.Dataset(jsonld=str(real[0] / "croissant.json"))
    assert not found.metadata.ctx.issues.errors
    assert {each.name for each in found.metadata.record_sets} >= {"samples-train", "samples-val", "drops-train"}


def test_every_column_of_every_config_has_a_description():
    wanted = {column for each in (*releases.COLUMNS.values(), releases.CHOSEN, MARKS, WEIGHT) for column in each}
    assert wanted == set(DESCRIPTIONS)


HOSTILE = ["<script>alert(1)</script>", "![x](javascript:y)", "</textarea>", "a\n---\nlicense: mit\n---\n", "`|`[a](b)"]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_an_annotation_is_markup_in_any_page(text, tmp_path):
    sample = make_sample(1, query=text, license=text, corpus=text)
    write_samples(tmp_path / "samples.parquet", [sample])
    drop = {"corpus": text, "origin": "o", "reason": text, "detail": text, "raw": text}
    write_parquet(tmp_path / "drops.parquet", [drop], DROPS)
    inputs = {"samples": str(tmp_path / "samples.parquet"), "drops": [str(tmp_path / "drops.parquet")]}
    out = make_release(tmp_path / "v1", inputs, name="Doors")
    for page in [out / "README.md", out / "LICENSES.md", out / "CHANGELOG.md", *(out / "plots").iterdir()]:
        said = page.read_text()
        assert "<script>" not in said and "</textarea>" not in said
        # In an SVG, Markdown is plain text.
        assert page.suffix == ".svg" or ("![x](" not in said and not re.search(r"(?<!\\)\[a\]\(b\)", said))
    assert card.read_metadata((out / "README.md").read_text())["license"] == "other"


def test_teacher_terms_stand_in_the_card_and_a_user_can_add_to_them(tmp_path):
    inputs = write_inputs(tmp_path)
    traces = [make_trace(make_sample(0), model_id="openai_api:gemini-2.5-pro")]
    write_parquet(tmp_path / "traces.parquet", traces, TRACES)
    out = make_release(tmp_path / "v1", inputs)
    said = (out / "README.md").read_text()
    assert "outputs may not train competing models: yes (Use Restrictions of the Gemini API Additional Terms" in said
    own = tmp_path / "terms.json"
    own.write_text('[{"match": "gemini", "provider": "Our contract", "no_competing_models": false}]')
    told = make_release(tmp_path / "v2", inputs, teacher_terms=str(own))
    assert releases.open_release(str(told)).document.models[0]["terms"]["provider"] == "Our contract"
    assert "competing models: no (whoever made this release says so)" in (told / "README.md").read_text()


@pytest.mark.parametrize("entry", teacher_terms.REGISTER, ids=lambda entry: entry.match)
def test_terms_that_nobody_read_are_unverified_in_every_card(entry, tmp_path):
    model = f"openai_api:{entry.match}-1"
    write_parquet(tmp_path / "traces.parquet", [make_trace(make_sample(0), model_id=model)], TRACES | DRAWN)
    write_samples(tmp_path / "samples.parquet", [make_sample(0)])
    inputs = {name: str(tmp_path / f"{name}.parquet") for name in ("samples",)}
    out = make_release(tmp_path / "v1", inputs | {"coldstart": str(tmp_path / "traces.parquet")})
    said = (out / "README.md").read_text()
    assert (entry.read in said) if entry.read else ("unverified, so read" in said or "nobody read the terms" in said)


def test_another_day_folder_and_order_of_inputs_change_nothing_but_the_date(tmp_path, monkeypatch):
    inputs = write_inputs(tmp_path)
    drop = {"corpus": "alpha", "origin": "train.txt:3", "reason": "short", "detail": "", "raw": "y"}
    write_parquet(tmp_path / "more.parquet", [drop], DROPS)
    both = [*inputs["drops"], str(tmp_path / "more.parquet")]
    first = make_release(tmp_path / "one", inputs | {"drops": both})

    class Later(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2031, 2, 3, tzinfo=tz)

    monkeypatch.setattr(datetime, "datetime", Later)
    second = make_release(tmp_path / "far" / "away", inputs | {"drops": both[::-1]})
    one, two = (releases.open_release(str(each)) for each in (first, second))
    assert two.document.created == "2031-02-03" != one.document.created and one.content == two.content
    for name in set(one.files) - {"release.json"}:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
