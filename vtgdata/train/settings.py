"""Settings that every trainer has, and the values that stand for "by the model's size" and "as the release says"."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from vtgdata.files.step import StepSettings

Least = Annotated[float, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Part = Literal["vision", "projector", "language"]
"""A part of a vision-language model: what looks at pictures, what hands them on, what reads and writes."""

CONFIGS = {"train sft": "coldstart", "train rl": "rl", "train distill": "rl"}
"""{command: the config of a release that it trains on unless `configs` names others}."""
LARGE = 500_000_000
"""Parameters from which a model counts as large: learning rates and the batch of a device go by it."""


class TrainSettings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings that every trainer has."""

    release: str
    """A release's folder, or `org/name@tag` on the Hub."""
    model: str
    """Folder or Hub name of the model to start from."""
    videos: str
    """Folder of the videos."""
    out: str
    """Folder for model, processor and training.jsonl."""
    seed: int = 7
    """Seed of the order of rows and of everything drawn."""
    configs: dict[str, Annotated[float, msgspec.Meta(gt=0)]] = msgspec.field(default_factory=dict[str, float])
    """Configs of the release to train on, each with its share of the rows, as in rl=0.7,qa=0.3; by default all rows
    of `coldstart` (SFT) or `rl` (RL)."""
    steps: Count = 0
    """Training steps; 0 for as many as --epochs needs."""
    epochs: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    """Passes over the rows, unless --steps is given."""
    device_batch: Count = 0
    """Sequences on one device at a time; 0 for all of its part of a step, or 1 for a model of 0.5 billion parameters
    or more."""
    learning_rate: Least = 0.0
    """Peak learning rate; 0 for one by the model's size. All parameters: SFT 1e-5, RL 1e-6 from 0.5 billion on, 4e-4
    and 5e-5 below; with LoRA ten times as much from 0.5 billion on."""
    warmup: Least = 0.05
    """Steps of warm-up; below 1 a share of all steps."""
    beta2: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.999
    """AdamW's beta2."""
    max_grad_norm: Least = 1.0
    """Largest norm of a step's gradient; above it the gradient is scaled down. 0 for no bound."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Type of the weights that are trained. auto: bfloat16 for LoRA on a GPU, else float32, with bfloat16 products on a
    GPU. bfloat16 halves memory, but steps of 1e-6 are lost in its rounding."""
    save_dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Type in which the weights are saved; auto is that of the model's folder."""
    lora: Count = 0
    """Rank of LoRA adapters on the linear layers of the language model; 0 trains all weights. From 7 billion parameters
    on take 16 to 64, unless several GPUs share the model."""
    lora_save: Literal["merged", "adapter"] = "merged"
    """Whether the model is saved whole, with the adapter merged into it, or the adapter alone."""
    quantize: Literal["", "nf4"] = ""
    """nf4 keeps the frozen weights in four bits under LoRA (QLoRA); it needs a GPU and bitsandbytes."""
    freeze: list[Part] = msgspec.field(default_factory=list[Part])
    """Parts that are not trained: vision, projector, language. Common practice from 2 billion parameters on is to
    freeze vision."""
    attention: str = ""
    """Implementation of attention, as transformers names it: sdpa, eager, flash_attention_2; empty for its default."""
    gradient_checkpointing: Literal["auto", "yes", "no"] = "auto"
    """Compute activations again instead of keeping them: less memory, a quarter more time. auto: on a GPU."""
    save_every: Count = 0
    """Steps between checkpoints; 0 for a twentieth of all steps, 50 at most. The same command goes on from the last one
    after it was killed."""
    keep_checkpoints: Annotated[int, msgspec.Meta(ge=1)] = 2
    """Number of checkpoints kept while training; all go when the model is finished."""
    evaluate_every: Count = 0
    """Steps between two looks at held-out rows: their score, answer length and unparsed share; 0 for never."""
    hold_out: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.05
    """Share of the rows that is not trained on but looked at, whole sources of the release's training rows; 200 rows at
    most."""
    evaluate_score: str = "tiou"
    """Score plug-in by which held-out answers are judged."""
    keep: Literal["last", "best"] = "last"
    """Which model is the result: that of the last step, or that with the best held-out score."""
    patience: Count = 0
    """Looks without a better held-out score after which the run ends; 0 for never."""
    log_to: list[Literal["tensorboard", "trackio", "wandb"]] = msgspec.field(
        default_factory=list[Literal["tensorboard", "trackio", "wandb"]]
    )
    """Where figures are logged besides training.jsonl."""
    launch: Count = 0
    """Start this many processes on this machine (torchrun), one a GPU; the settings of a step count for all of them
    together. 0: run in the process that was started, alone or by a launcher."""
    accelerate: str = ""
    """Configuration file of accelerate with which to start the processes, or one of ours: ddp, fsdp2, zero2, zero3,
    two_nodes. With --launch N, N processes on all machines together."""
    stall: Count = 20
    """Steps in a row that teach nothing (all answers to a prompt have one reward, all are cut off, none can be read)
    after which a run stops; 0 goes on for ever, and lets a run count that has learnt nothing at all."""
    max_length: Count = 0
    """Most tokens of a row: its prompt with all frames, and its answer (RL: the longest that may be drawn). Longer rows
    are left out, never cut. 0 for what the model takes."""
    max_failed: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Largest share of rows that may be left out since their video is missing or unreadable, or they are too long."""
    trl: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """Any other argument of TRL's SFTConfig or GRPOConfig, as in optim=adamw_8bit; it goes before our own."""
    peft: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """Any other argument of peft's LoraConfig, as in lora_alpha=32; needs --lora."""
    load: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """Any other argument with which transformers loads the model, as in low_cpu_mem_usage=true."""
    threads: Count = 1
    """CPU threads; 0 leaves the number to torch, and then results may differ from run to run."""
    frames: str = ""
    """Folder of the frame store; empty for the user's cache."""
    dry_run: bool = False
    """Print the plan: launch commands, batch, tokens, steps, memory of a GPU by part, hours; train nothing."""
    tokens_per_second: Least = 0.0
    """Tokens of prompts and answers that a GPU trains on in a second, for the hours of --dry-run; 0 takes what an
    earlier run into the same --out measured."""
