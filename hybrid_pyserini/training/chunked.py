"""What Trainer trains: the encoder, taking a step's texts in chunks of about equal length.

With ``recompute`` the memory of a step is that of one chunk, whatever the batch: a chunk's activations are dropped once
its vectors are known, and computed again, from the same dropout, when the loss's gradient reaches it. These are
GradCache's gradients (Gao et al., arXiv 2101.06983), by torch's own checkpointing.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from hybrid_pyserini.encoder import EncoderModel, TokenChunk


class ChunkedEncoder(nn.Module):
    """Token chunks in, vectors out; one call a step, as DDP needs it."""

    def __init__(self, encoder: EncoderModel, *, recompute: bool = False) -> None:
        super().__init__()
        self.encoder, self.recompute = encoder, recompute

    def activation_checkpointing_enable(self, **options: Any) -> None:
        """Compute the layers' states again in the backward pass, instead of keeping them; Trainer calls it."""
        self.encoder.transformer.activation_checkpointing_enable(**options)

    def gradient_checkpointing_enable(self, **options: Any) -> None:
        """The same under the name that transformers had first."""
        self.encoder.transformer.gradient_checkpointing_enable(**options)

    def forward(self, chunks: Sequence[TokenChunk]) -> Tensor:
        """Chunks of texts -> [all texts, dimension], in the chunks' order."""
        recompute = self.recompute and torch.is_grad_enabled()
        return torch.cat([
            checkpoint(self.encoder.embed, chunk["input_ids"], chunk["attention_mask"], use_reentrant=False)
            if recompute else self.encoder.embed(**chunk)
            for chunk in chunks
        ])
