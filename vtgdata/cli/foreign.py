"""What other libraries would print through our output: their warnings, notes and progress bars."""

import logging
import os
import sys
import warnings

QUIET = {
    "TQDM_DISABLE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_VERBOSITY": "error",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "DATASETS_VERBOSITY": "error",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "TORCH_CPP_LOG_LEVEL": "ERROR",
    "KMP_WARNINGS": "0",
    "VLLM_LOGGING_LEVEL": "ERROR",
}
"""Variables by which libraries can be told to be quiet; the processes that we start have them too."""


def hush() -> None:
    """Keep other libraries quiet, from now on, in this process and those that it starts.

    Who wants to hear them sets their own variables, which stay as they are, or PYTHONWARNINGS (or `python -W`).
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
        os.environ.setdefault("PYTHONWARNINGS", "ignore")
    if logging.lastResort is not None:
        logging.lastResort = logging.NullHandler()  # what libraries log where nobody has set up a log
