"""Frames and tokens by the released code of Qwen-VL: `python qwen_released.py > ../video/qwen_released.json`.

Needs qwen-vl-utils 0.0.14, transformers, torch and torchvision. Nothing of vtgdata is used: qwen-vl-utils says which
frames are taken and how large they become, transformers' video processors how many tokens these are. Only decoding and
the resizing of pixels, which change no number, are left out. What each system sets is written here as its own script
passes it (TVG-R1 at 793b3dc, Time-R1 at 7f2b594, TimeLens at 5d90c06, TimeLens2 at a5ce450, its
evaluation at ba074b1: video_dataset_config.py, `TimeLens_Charades_4fps`).
"""

import json
import sys
from types import SimpleNamespace
from typing import Any

if __name__ == "__main__":  # who runs it has what it needs; the tests only look at the file
    import torch
    import transformers
    from qwen_vl_utils import vision_process

VIDEOS = [
    # duration in seconds by number of frames and frames a second, width, height
    (50, 25.0, 320, 240), (125, 25.0, 640, 360), (219, 30.0, 480, 640), (375, 30.0, 1280, 720),
    (929, 30.0, 640, 480), (1922, 29.97, 1920, 1080), (2400, 24.0, 854, 480), (4500, 30.0, 640, 360),
    (6735, 30.0, 480, 360), (18875, 25.0, 1280, 720),
]  # fmt: skip
FAMILIAL = ("", "timelens_", "timelens_eval_")
"""What each family has its own numbers for; the family's name follows."""
FACTORS = {"qwen2_5_vl": 28, "qwen3_vl": 32}


def pixels(tokens: int, factor: int) -> int:
    return tokens * factor * factor


def settings(factor: int) -> dict[str, dict[str, Any]]:
    """What each system passes as the video, for patches of `factor` pixels."""
    timelens = {"min_pixels": pixels(64, factor), "total_pixels": pixels(14336, factor), "fps": 2}
    both = {"": {}, "timelens_": timelens | {"max_frames": 448}, "timelens_eval_": timelens}
    if factor == 32:
        return both | {
            "timelens2": {
                "min_pixels": pixels(1, 32), "total_pixels": pixels(16384, 32), "fps": 2.0, "max_frames": 512,
            },
            "timelens2_eval": {
                "min_pixels": 32 * 32, "max_pixels": 640 * 640, "total_pixels": pixels(128_000, 32), "fps": 4.0,
                "max_frames": 2048,
            },
        }  # fmt: skip
    return both | {
        "tvg_r1": {"total_pixels": 1605632, "min_pixels": 3136, "nframes": 64},
        "tvg_r1_eval": {"min_pixels": 128 * 28 * 28, "max_pixels": 512 * 28 * 28, "nframes": 32},
        "time_r1": {"total_pixels": 3584 * 28 * 28, "min_pixels": 16 * 28 * 28},
    }


def taken(video: dict[str, Any], total: int, fps: float, width: int, height: int, factor: int) -> dict[str, Any]:
    """What `fetch_video` makes of a video: indices of the frames, and their size."""
    found: dict[str, Any] = {}

    def reader(ele: dict[str, Any]) -> Any:
        count = vision_process.smart_nframes(ele, total_frames=total, video_fps=fps)
        indices = torch.linspace(0, total - 1, count).round().long().tolist()
        found["indices"] = indices
        return torch.empty((count, 3, height, width), device="meta"), {"frames_indices": indices}, 0.0

    def resize(video: Any, size: list[int], **_: Any) -> Any:
        found["height"], found["width"] = size
        return video

    vision_process.VIDEO_READER_BACKENDS["torchvision"] = reader
    vision_process.get_video_reader_backend = lambda: "torchvision"
    vision_process.transforms = SimpleNamespace(functional=SimpleNamespace(resize=resize))
    vision_process.fetch_video({"video": "drawn"} | video, image_patch_size=factor // 2)
    return found


def tokens(processor: Any, count: int, height: int, width: int) -> int:
    """Tokens of a video of this many frames of this size, by the grid that the processor makes of its patches."""
    frames = torch.zeros((1, 3, height, width), dtype=torch.uint8)
    grid = processor(videos=[frames.repeat(2, 1, 1, 1)], do_sample_frames=False, do_resize=False)["video_grid_thw"][0]
    time, rows, columns = (int(part) for part in grid)
    assert time == 1  # a pair of frames is one step in time
    return count // 2 * rows * columns // processor.merge_size**2


def main() -> None:
    processors = {
        "qwen2_5_vl": transformers.Qwen2VLVideoProcessor(temporal_patch_size=2),
        "qwen3_vl": transformers.Qwen3VLVideoProcessor(),
    }
    rows: list[dict[str, Any]] = []
    for family, factor in FACTORS.items():
        for name, video in settings(factor).items():
            for total, fps, width, height in VIDEOS:
                if video.get("nframes", 0) > total:
                    continue  # an error in qwen-vl-utils
                found = taken(video, total, fps, width, height, factor)
                count, indices = len(found["indices"]), found["indices"]
                rows.append(
                    {
                        "preset": name + family if name in FAMILIAL else name,
                        "total": total, "fps": fps, "video": [width, height], "frames": count,
                        "first": indices[:4], "last": indices[-4:], "sum": sum(indices),
                        "size": [found["width"], found["height"]],
                        "tokens": tokens(processors[family], count, found["height"], found["width"]),
                    }
                )  # fmt: skip
    versions = {"qwen-vl-utils": "0.0.14", "transformers": transformers.__version__}
    lines = ",\n".join(json.dumps(row) for row in rows)
    sys.stdout.write(f'{{"made by": {json.dumps(versions)}, "rows": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
