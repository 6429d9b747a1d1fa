"""Composes verl's own configuration with the overrides of an export's launch script: every key must be known.

ENV/verl/bin/python benchmarks/exports/check_verl_launch.py EXPORT
"""

import shlex
import sys
from pathlib import Path

import verl
from hydra import compose, initialize_config_dir

CONFIGS = {"verl.trainer.main_ppo": "ppo_trainer", "verl.trainer.sft_trainer": "sft_trainer_engine"}
text = (Path(sys.argv[1]) / "launch.sh").read_text().replace("\\\n", " ")
for line in text.splitlines():
    words = shlex.split(line)
    module = next((word for word in words if word in CONFIGS), None)
    if module is not None:
        overrides = words[words.index(module) + 1 :]
        with initialize_config_dir(str(Path(verl.__file__).parent / "trainer/config"), version_base=None):
            compose(CONFIGS[module], overrides=overrides)
        sys.stdout.write(f"{module}: {len(overrides)} overrides are known\n")
