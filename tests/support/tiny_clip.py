"""A tiny open_clip model that knows the shapes corpus: built from nothing and trained in seconds, as a local folder."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from vtgdata.demo.clips import bank
from vtgdata.demo.scenes import PAIRS, SIDE, sentence

CONFIG: dict[str, Any] = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": SIDE, "patch_size": 7, "width": 64, "layers": 2, "head_width": 32},
    "text_cfg": {"context_length": 8, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 1},
}
GREY = (0.3, 0.3, 0.3)
WIDE = (0.25, 0.25, 0.25)


def build(folder: Path, steps: int, seed: int = 3) -> Path:
    """Train by CLIP's own loss on frames of both levels as they come out of the codec, each pair once a batch.

    Untrained with `steps=0`. The folder has what open_clip reads: its configuration and the weights.
    """
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(seed)
    model: Any = open_clip.CLIP(**CONFIG)
    rng = np.random.default_rng(seed)
    if steps:
        # So small a network gains nothing from a second thread, and loses much where others run beside it.
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        _train(model, rng, steps)
        torch.set_num_threads(threads)
    folder.mkdir(parents=True)
    preprocess = {"mean": GREY, "std": WIDE, "interpolation": "bicubic", "resize_mode": "shortest"}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": CONFIG, "preprocess_cfg": preprocess}))
    save_file(
        {name: value.contiguous() for name, value in model.state_dict().items()}, folder / "open_clip_model.safetensors"
    )
    return folder


def _train(model: Any, rng: np.random.Generator, steps: int) -> None:
    import torch
    from open_clip import SimpleTokenizer

    frames = torch.from_numpy(np.concatenate([bank(level, rng) for level in (0, 1)], axis=1))
    frames = ((frames.permute(0, 1, 4, 2, 3).float() / 255 - GREY[0]) / WIDE[0]).contiguous()
    texts = SimpleTokenizer(context_length=8)([sentence(pair) for pair in range(len(PAIRS))])
    # Twenty words of 49,408 occur: what stands for them may stay as it was drawn.
    torch.nn.init.normal_(model.token_embedding.weight, std=0.3)
    model.token_embedding.requires_grad_(False)
    learnt = [each for each in model.parameters() if each.requires_grad]
    optimiser = torch.optim.AdamW(learnt, lr=2e-3, betas=(0.9, 0.95), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    right = torch.arange(len(PAIRS))
    for _ in range(steps):
        pictures = frames[right, torch.from_numpy(rng.integers(frames.shape[1], size=len(PAIRS)))]
        seen, said = model.encode_image(pictures, normalize=True), model.encode_text(texts, normalize=True)
        logits = model.logit_scale.exp().clamp(max=100) * seen @ said.T
        loss = (
            torch.nn.functional.cross_entropy(logits, right) + torch.nn.functional.cross_entropy(logits.T, right)
        ) / 2
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
