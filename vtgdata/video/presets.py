"""Frames as published systems take them, by name; for systems on several families of models, one for each family.

A family of models has patches of its own size: a token of Qwen2.5-VL stands for 28 x 28 pixels, one of Qwen3-VL for
32 x 32. Both take frames in pairs. What a system states in tokens (TimeLens: 14,336 in all) is therefore a number of
pixels of its own in each family.
"""

from vtgdata.records import FrameSampling, TokenBudget

FAMILIES = {"qwen2_5_vl": 28, "qwen3_vl": 32}
"""{family: side in pixels of the square that one token stands for}. Qwen2-VL is as Qwen2.5-VL, Qwen3.5 as Qwen3-VL."""
PLAIN = "qwen2_5_vl"
"""The family that a name without one means where no model tells another."""
QWEN_LEAST, QWEN_MOST = 128, 768
"""Tokens of a pair of frames, at least and at most, in qwen-vl-utils unless a system sets its own."""
QWEN_TOTAL = 115_200
"""Tokens of a video in qwen-vl-utils unless a system sets its own: 0.9 of a context of 128,000."""
QWEN_FRAMES = 768
"""Most frames of a video in qwen-vl-utils unless a system sets its own."""


def _qwen(
    total: int = QWEN_TOTAL,
    *,
    frames: int = QWEN_FRAMES,
    fps: float | None = 2.0,
    least: int = QWEN_LEAST,
    most: int = QWEN_MOST,
    patch: int = FAMILIES[PLAIN],
) -> FrameSampling:
    budget = TokenBudget(total=total, least=least, most=most, patch=patch, group=2, rule="qwen_vl")
    return FrameSampling(frames=frames, fps=fps, tokens=budget)


BY_FAMILY = ("timelens", "timelens_eval")
"""Presets whose name may stand without a family: the model tells it (`model_families`)."""


def _of_families() -> dict[str, FrameSampling]:
    found: dict[str, FrameSampling] = {}
    for family, patch in FAMILIES.items():
        found[family] = _qwen(patch=patch)
        found[f"timelens_{family}"] = _qwen(14_336, frames=448, least=64, patch=patch)
        found[f"timelens_eval_{family}"] = _qwen(14_336, least=64, patch=patch)
    return found | {name: found[f"{name}_{PLAIN}"] for name in BY_FAMILY}


PRESETS = {
    "frames_64": FrameSampling(frames=64),
    "tvg_r1": _qwen(2048, frames=64, fps=None, least=4),
    "tvg_r1_eval": _qwen(frames=32, fps=None, most=512),
    "time_r1": _qwen(3584, least=16),
    "time_r1_eval": _qwen(3584, least=16),
    "timelens2": _qwen(16_384, frames=512, least=1, patch=FAMILIES["qwen3_vl"]),
    "timelens2_eval": _qwen(128_000, frames=2048, fps=4.0, least=1, most=400, patch=FAMILIES["qwen3_vl"]),
    **_of_families(),
}
"""Frame samplings by name: 64 plain frames, and the frames of published systems, which all take them by the rule of
qwen-vl-utils (`qwen_frames`). As read in the systems' repositories:

qwen2_5_vl, qwen3_vl: qwen-vl-utils 0.0.14 with nothing set: 2 frames a second, 4 to 768.
tvg_r1: TVG-R1's training (793b3dc, EasyR1/examples/TVG_R1.sh): 64 frames, 1,605,632 pixels in all, at least 3,136 each.
tvg_r1_eval: its evaluation (793b3dc, infer_auto_vllm.py): 32 frames of 128 to 512 tokens a pair.
time_r1, time_r1_eval: Time-R1's training and evaluation (7f2b594): 2 frames a second, 3,584 tokens in all, at least 16
    a pair.
timelens: TimeLens's training and filter (5d90c06): 2 frames a second, at most 448, at least 64 tokens a pair, 14,336 in
    all. timelens_eval: its evaluation, the same with at most 768 frames: a video of more than 224 s passes the total.
timelens2: TimeLens2's rollouts and training (a5ce450) on Qwen3-VL: 2 frames a second, at most 512, 16,384 tokens.
timelens2_eval: its evaluation of TimeLens-Bench (ba074b1, video_dataset_config.py): 4 frames a second, at most 2,048,
    of at most 400 tokens a pair, 128,000 in all: its tables are no rows of TimeLens's, which has 2 a second."""
