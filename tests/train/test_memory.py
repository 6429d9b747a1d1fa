"""The memory of a training step, against sums by hand and against what autograd keeps."""

import copy

import msgspec
import pytest

from vtgdata.train import memory, published, sizes
from vtgdata.train.memory import How

SMALL = sizes.Sizes(
    vision=100, projector=20, language=1000, embedding=200, head=200, layers=3, hidden=8, intermediate=16, heads=2,
    kv_heads=1, head_dim=4, vocab=25, adapter=50, vision_layers=2, vision_hidden=4, vision_intermediate=6, patch=2,
    merge=2,
)  # fmt: skip
SHORT = How(tokens=10, scored=4, seen=5)


def of(**changes):
    return memory.memory(SMALL, msgspec.structs.replace(SHORT, **changes))


def test_one_gpu_holds_weights_gradients_and_two_moments_of_four_bytes_each():
    found = of()
    assert (found.weights, found.gradients, found.optimizer) == (1120 * 4, 1120 * 4, 1120 * 8)
    assert (found.buckets, found.reference, found.cache, found.vllm) == (0, 0, 0, 0)
    assert found.copies == 2 * (1120 - 400)  # autocast keeps all but embedding and head


def test_several_processes_keep_the_gradients_twice():
    assert of(processes=2).buckets == 1120 * 4


def test_fsdp2_shares_all_three_out_and_gathers_two_layers_and_the_root():
    found = of(sharding="fsdp2", processes=4)
    assert (found.weights, found.gradients, found.optimizer) == (1120, 1120, 1120 * 2)
    assert SMALL.layer == 200
    assert found.copies == 2 * (200 + 200 + 20 + 2 * 200)
    assert found.buckets == 0


def test_zero_keeps_two_bytes_of_a_weight_and_a_copy_of_four_with_the_moments():
    two, three = of(sharding="zero2", processes=4), of(sharding="zero3", processes=4)
    assert (two.weights, two.gradients, two.optimizer) == (1120 * 2, 1120 * 2 / 4, 1120 * 12 / 4)
    assert (three.weights, three.gradients, three.optimizer) == (1120 * 2 / 4, 1120 * 2 / 4, 1120 * 12 / 4)
    assert two.buckets == 2e9


def test_lora_trains_its_rank_times_the_sides_of_the_layers():
    found = of(lora=8, weight=2)
    assert memory.trained(SMALL, msgspec.structs.replace(SHORT, lora=8)) == 400
    assert (found.weights, found.gradients, found.optimizer) == ((1120 + 400) * 2, 800, 1600)
    assert found.copies == 0


def test_four_bits_leave_embedding_and_head_as_they_are():
    assert of(lora=1, weight=2, quantized=True).weights == 720 * 0.5625 + 400 * 2 + 50 * 2


def test_frozen_parts_have_no_gradient():
    assert of(frozen=frozenset({"vision", "projector"})).gradients == 1000 * 4


@pytest.mark.parametrize(("kind", "each"), [("adamw", 8), ("8bit", 2), ("lion", 4), ("sgd", 0)])
def test_the_optimisers_state(kind, each):
    assert of(optimizer=kind).optimizer == 1120 * each


def test_a_layer_by_hand():
    # norms 2 x (8 x 8 + 2 x 8) in bfloat16 less: (4 + 2) x 8 each and its input of a product 2 x 8; q 8, k 4, v 4.
    assert memory.layer(SMALL, 2, 2) == 2 * (6 * 8 + 2 * 8) + 2 * (2 * 8 + 2 * 4) + 4 * 2 * 16
    assert memory.block(SMALL, 2, 2) == 2 * 4 * 4 + 2 * 7 * 4 + 2 * 2 * 6


def test_activations_by_hand():
    one, eye = memory.layer(SMALL, 4, 2) * 10, memory.block(SMALL, 2, 2) * 20
    rest = 20 * 4 * 3 * 2 * 4 + (5 * 4 * 8 + 2 * 10 * 4 * 8) + 10 * 2 * 2 * (8 + 16)
    assert of(checkpointing=False).activations == rest + 3 * one + 2 * eye
    assert of().activations == rest + 10 * 4 * 8 * 3 + one + 20 * 4 * 4 * 2
    assert of(lora=1).activations == rest + 10 * 4 * 8 * 3 + one  # nothing is kept of a vision tower that is frozen


def test_logits_are_computed_in_tiles():
    assert of().logits == 4 * 25 * 2 + 2 * 4 * 4 * 8 + 4 * 25 * 8
    found = memory.memory(published_sizes("Qwen3-VL-8B"), How(tokens=20_000, scored=10_000, lora=1))
    assert found.logits == 4096 * 32_768 * 2 + 2 * 4 * 10_000 * 4096


def test_generating_and_training_do_not_overlap():
    plain, own = of(), of(generates=6)
    assert own.cache == 6 * 10 * 2 * 3 * 1 * 4 * 2
    assert own.total == plain.total  # smaller than what training takes
    awake, sleeping = of(vllm=1e9, sleeps=False), of(vllm=1e9)
    assert awake.total == plain.total + 1e9
    assert sleeping.total == plain.total - plain.copies - plain.activations - plain.logits + 1e9


def test_kl_keeps_a_second_model_unless_the_first_has_adapters():
    assert of(reference=True).reference == 1120 * 4
    assert of(reference=True, lora=1).reference == 0


def published_sizes(name):
    found = sizes.of_config(published.MODELS[name])
    assert found is not None
    return found


def test_a_model_of_eight_billion_on_eight_gpus_by_hand():
    found = memory.memory(
        published_sizes("Qwen3-VL-8B"), How(sharding="fsdp2", processes=8, tokens=4096, scored=512, seen=3000)
    )
    assert found.weights == 8_767_123_696 * 4 / 8  # 4.4 GB
    assert found.weights + found.gradients + found.optimizer == 8_767_123_696 * 16 / 8  # 17.5 GB


def kept_of_a_layer(kind, dtype, autocast, part):
    """Bytes that autograd keeps of a token in a layer, measured: three layers less one, halved."""
    import torch
    from transformers import AutoConfig, AutoModelForImageTextToText

    turn = {"rope_type": "default", "mrope_section": [8, 4, 4], "rope_theta": 1e4}
    turn |= {"mrope_interleaved": True} if kind == "qwen3_vl" else {}
    totals, config, number = [], {}, 480
    for layers in (1, 3):
        text = {
            "hidden_size": 256, "num_hidden_layers": layers, "num_attention_heads": 8, "num_key_value_heads": 2,
            "intermediate_size": 768, "vocab_size": 600, "head_dim": 32, "rope_parameters": turn,
        }  # fmt: skip
        eye = {"depth": layers, "hidden_size": 128, "out_hidden_size": 256, "num_heads": 2, "intermediate_size": 320}
        eye |= {"deepstack_visual_indexes": []} if kind == "qwen3_vl" else {"fullatt_block_indexes": [0, 1, 2]}
        config = {"model_type": kind, "text_config": text, "vision_config": eye, "tie_word_embeddings": True}
        model = AutoModelForImageTextToText.from_config(AutoConfig.for_model(**copy.deepcopy(config)), dtype=dtype)
        weights = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
        shapes = {tuple(weight.shape) for weight in model.parameters()}
        shapes |= {shape[::-1] for shape in shapes}  # what autocast made of a weight
        seen = {}

        def keep(tensor, seen=seen):
            seen[tensor.untyped_storage().data_ptr()] = tensor
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                if part == "language":
                    ids = torch.randint(0, 500, (1, number))
                    model.model.language_model(input_ids=ids, use_cache=False)
                else:
                    wide = model.model.visual.patch_embed.proj.weight[0].numel()
                    grid = torch.tensor([[1, 10, 12]] * 4)
                    model.model.visual(torch.randn(number, wide, dtype=dtype), grid_thw=grid)
        totals.append(
            sum(
                tensor.untyped_storage().nbytes()
                for place, tensor in seen.items()
                if place not in weights and tuple(tensor.shape) not in shapes
            )
        )
    return (totals[1] - totals[0]) / 2 / number, sizes.of_config(config)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["qwen3_vl", "qwen2_5_vl"])
@pytest.mark.parametrize(("dtype", "autocast"), [("float32", False), ("bfloat16", False), ("float32", True)])
def test_what_is_counted_of_a_layer_is_what_autograd_keeps(kind, dtype, autocast):
    torch = pytest.importorskip("torch")
    pytest.importorskip("trl", reason="needs vtgdata[train]")
    compute = 4 if dtype == "float32" and not autocast else 2
    stream = 4 if dtype == "float32" else 2
    kept, found = kept_of_a_layer(kind, getattr(torch, dtype), autocast, "language")
    assert memory.layer(found, stream, compute) == pytest.approx(kept, rel=0.01)
    kept, found = kept_of_a_layer(kind, getattr(torch, dtype), autocast, "vision")
    assert memory.block(found, compute, compute) == pytest.approx(kept, rel=0.05)
