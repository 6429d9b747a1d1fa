"""One process of several that share out a model's weights (fully_shard), train it by a step, and save it as a run does.

accelerate refuses FSDP on a CPU, so that no whole run can be tried there: the model is sharded here as accelerate would
shard it, and everything from `train.model.save` on is the real way. With one process nothing is sharded.

    torchrun --nproc_per_node 2 sharded_save.py MODEL OUT RANK_OF_LORA SAVE_AS
"""

import sys
import types
from pathlib import Path

import torch
from accelerate import Accelerator, FullyShardedDataParallelPlugin
from accelerate.utils import DistributedType
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from vtgdata.train import model as models
from vtgdata.train import saving, sft


def main(folder: str, out: str, lora: int, save_as: str) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    settings = sft.Settings(release="", model=folder, videos="", out=out, lora=lora, lora_save=save_as)
    opened = models.load(folder, settings)
    model, stated = opened.model, opened.model.generation_config
    if lora:
        from peft import get_peft_model

        model = get_peft_model(model, models.adapter(settings, model))
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.1)
    accelerator = Accelerator(cpu=True)
    several = accelerator.num_processes > 1
    if several:
        mesh = init_device_mesh("cpu", (accelerator.num_processes,))
        for module in model.modules():
            if type(module).__name__.endswith(("DecoderLayer", "VisionBlock")):
                fully_shard(module, mesh=mesh)
        fully_shard(model, mesh=mesh)
        accelerator.state.distributed_type = DistributedType.FSDP
        accelerator.state.fsdp_plugin = FullyShardedDataParallelPlugin(fsdp_version=2)
        assert accelerator.is_fsdp2
    optimizer = torch.optim.SGD([weight for weight in model.parameters() if weight.requires_grad], lr=0.1)
    ids = torch.arange(10, 40).reshape(1, -1)
    model(input_ids=ids, labels=ids).loss.backward()
    optimizer.step()
    trainer = types.SimpleNamespace(
        model=model, model_wrapped=model, accelerator=accelerator, is_fsdp_enabled=several, is_deepspeed_enabled=False
    )
    saving.save(trainer, opened, settings, Path(out), stated)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
