"""Settings of every command that asks a model."""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from vtgdata.files import plugins
from vtgdata.records import FrameSampling, Sampling
from vtgdata.video.frame_settings import FrameSettings, PositiveInt

UnitFraction = Annotated[float, msgspec.Meta(ge=0, le=1)]


class AskSettings(FrameSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a command that asks a model about samples."""

    samples: str
    """Samples to ask about: a samples.parquet."""
    out: str
    """Output folder."""
    where: str = ""
    """SQL condition on the columns of the samples, as in "split == 'rl'"."""
    limit: PositiveInt | None = None
    """Take only this many samples, the first ones."""
    endpoint: list[str] = msgspec.field(default_factory=list[str])
    """Base URL of an OpenAI-compatible server, ending in /v1; may be given several times."""
    model_version: str = ""
    """Version of the model, if the server's model name does not tell it; part of the fingerprint of its answers."""
    body: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """Fields to change in the JSON body of each request to a server, as in max_tokens=null (leaves it out),
    reasoning_effort=low or chat_template_kwargs.enable_thinking=false; part of the fingerprint of the answers."""
    answers_as: list[str] = msgspec.field(default_factory=list[str])
    """Name of another model that a server may answer as (* for any): unless named here, a server that says that another
    model than the one asked for has answered is left out. May be given several times."""
    videos: str = ""
    """Folder under which the videos lie."""
    as_: Literal["frames", "video"] = msgspec.field(default="frames", name="as")
    """How frames are shown: frames (each a picture after its time as text) or video (all of them as one video, whose
    times the model's own processor or server tells it; for models that are known to be told seconds)."""
    video_server: Literal["", "vllm", "sglang", "gemini"] = ""
    """What the servers are, for --as video: vllm (started with --trust-request-mm-kwargs), sglang, or gemini (asked in
    its own form). Each is sent frames that are chosen already, with their times or rate; a server that would sample by
    itself is not asked."""
    server_samples: bool = False
    """Ask a server of another kind with --as video all the same, by your word: it may sample the frames once more by
    itself, so nobody knows which times the model is told; frame_times stay empty, and the model's id says so."""
    video_family: str = ""
    """Family of a served model, for --as video, if its name does not tell it: qwen3_vl, qwen3_5 or qwen2_5_vl."""
    prompt: str = "ground"
    """Prompt: a name from the package, or a path to a Markdown file."""
    n: PositiveInt = 1
    """Answers per sample."""
    seed: int = 0
    """Seed of all random draws."""
    temperature: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    """Temperature of sampling; 0 is greedy."""
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    """Nucleus sampling: share of the probability to draw from, in (0, 1]."""
    max_tokens: PositiveInt = 512
    """Longest answer, in tokens."""
    top_k: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Number of the likeliest tokens to draw from; 0 for all."""
    min_p: UnitFraction = 0.0
    """Least probability of a token to draw, as a share of the likeliest one's; 0 for no bound."""
    repetition_penalty: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    """Penalty on tokens that prompt or answer already has; 1 for none."""
    concurrency: PositiveInt | None = None
    """Requests in flight; for a local model, the most answers in a batch (64 unless given; fewer if memory ends)."""
    reproducible: bool = False
    """Compute every answer of a local model in a batch of one size, --concurrency: then the same command gives the same
    bytes for any shards, workers and kills. Without it a batch is as small as its answers, which is faster, and a near
    tie between two tokens may be rounded the other way in a batch of another size."""
    timeout: Annotated[float, msgspec.Meta(gt=0)] = 300.0
    """Seconds until a request counts as failed."""
    max_wait: Annotated[float, msgspec.Meta(ge=0)] = 300.0
    """Seconds to wait for servers that are down or ask for a pause (Retry-After); an answer that needs longer fails."""
    max_failed: UnitFraction = 0.0
    """Share of samples that may fail (missing video, dead server) before the exit code is 3."""
    dry_run: bool = False
    """Print the plan (answers, tokens, cost, hours and disk, from low to high); ask nothing and write nothing."""
    budget: Annotated[float, msgspec.Meta(ge=0)] | None = None
    """US dollars that this folder's answers may cost in all, earlier runs included; when it is used up the exit code is
    4, and a higher budget goes on."""
    prices: str = ""
    """File of prices in dollars per million tokens, used before ours: - {model: NAME, input: 1.25, output: 10}."""
    free: bool = False
    """A model whose price is in no table costs nothing, as on a server of your own; one on this machine always does."""
    confirm_over: Annotated[float, msgspec.Meta(ge=0)] = 5.0
    """US dollars: a step that may cost more asks for confirmation; without a terminal it ends with exit code 4."""
    yes: bool = False
    """Spend what the plan says without asking for confirmation."""
    batch: str = ""
    """Folder to write the missing requests to, as files of OpenAI's batch format, without asking; `vtgdata
    batch-import` brings the answers back."""
    batch_requests: PositiveInt = 50_000
    """Maximum number of requests in a file of --batch."""
    batch_megabytes: Annotated[float, msgspec.Meta(gt=0)] = 200.0
    """Maximum size of a file of --batch, in millions of bytes."""
    only: str = ""
    """Ask again only requests that failed, by kind: timeout, connection, limit, refused, server, other (several with
    commas), or failed for all kinds; nothing that was not asked before."""

    @property
    def tells(self) -> bool:
        """Whether a prompt may tell what of the answer is known already (`reveals`)."""
        return False

    @property
    def ignores_up_to_date(self) -> bool:
        """Whether to run even if the earlier result is up to date (--dry-run, --only, --batch)."""
        return self.dry_run or bool(self.only or self.batch)

    def frame_sampling(self) -> FrameSampling:
        """Which frames are shown, and how; raises VtgError when two settings contradict each other."""
        found = super().frame_sampling()
        return msgspec.structs.replace(found, shown_as="video") if self.as_ == "video" else found

    def sampling(self) -> Sampling:
        """How answers are drawn."""
        return Sampling(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            top_k=self.top_k,
            min_p=self.min_p,
            repetition_penalty=self.repetition_penalty,
        )

    def inputs(self, *models: str) -> list[str]:
        """Files and folders that the answers depend on."""
        local = [path for spec in models for path in _paths(spec)]
        return [self.samples, str(plugins.prompt_path(self.prompt)), *local]

    def listings(self) -> list[str]:
        """Folders whose file names, sizes and times of change matter, not their bytes."""
        return [self.videos] if self.videos else []


def _paths(spec: str) -> list[str]:
    """Local files that a model's spec names."""
    parsed = plugins.parse_spec(spec)
    values = [parsed.argument, *map(str, parsed.settings.values())]
    return [value for value in values if value and Path(value).exists()]
