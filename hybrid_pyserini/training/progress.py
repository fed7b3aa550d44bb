"""Trainer's progress bar, with the loss in it: results go to stdout, progress to stderr.

Trainer prints its logs on stdout, a dictionary a line, between two redraws of the bar.
"""

import sys
from typing import Any

from transformers import ProgressCallback, TrainerControl, TrainerState, TrainingArguments


class LossInBar(ProgressCallback):
    """The training loss stands in the bar; validation figures get a line each, which stays."""

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl,
               logs: dict[str, Any] | None = None, **_: Any) -> None:
        if self.training_bar is None or logs is None:
            return
        if "loss" in logs:
            self.training_bar.set_postfix_str(f"loss {float(logs['loss']):.3f}")
        validation = {
            name: value for name, value in logs.items()
            if name.startswith("eval_") and not name.endswith("_per_second")  # Trainer takes a batch for a sample
        }
        if validation:
            figures = ", ".join(f"{name} {value:.4g}" for name, value in validation.items())
            self.training_bar.write(f"step {state.global_step}: {figures}", file=sys.stderr)
