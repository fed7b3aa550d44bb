"""What Trainer trains: the encoder, taking a step's texts in chunks of about equal length.

With ``recompute`` the memory of a step is that of one chunk, whatever the batch, and of the vectors of the step's
distinct tokens, at most the vocabulary's: a chunk's activations are dropped once its vectors are known, and computed
again, from the same dropout, when the loss's gradient reaches it. These are GradCache's gradients (Gao et al., arXiv
2101.06983), by torch's own checkpointing.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from hybrid_pyserini.encoder.encoder import TokenChunk
from hybrid_pyserini.encoder.network import EncoderModel


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
        # Each token is looked up once a step: the gradient of a chunk's own lookup would be as large as all of the
        # vocabulary's weights, which took a fifth of a step.
        ids = [chunk["input_ids"] for chunk in chunks]
        tokens, places = torch.cat([i.flatten() for i in ids]).unique(return_inverse=True)
        looked_up = self.encoder.transformer.get_input_embeddings()(tokens)
        return torch.cat([
            self._embed(looked_up, where.view_as(i), chunk["attention_mask"])
            for where, i, chunk in zip(places.split([i.numel() for i in ids]), ids, chunks, strict=True)
        ])

    def _embed(self, looked_up: Tensor, places: Tensor, attention_mask: Tensor) -> Tensor:
        if self.recompute and torch.is_grad_enabled():
            return checkpoint(self._embed_now, looked_up, places, attention_mask, use_reentrant=False)
        return self._embed_now(looked_up, places, attention_mask)

    def _embed_now(self, looked_up: Tensor, places: Tensor, attention_mask: Tensor) -> Tensor:
        return self.encoder.embed_looked_up(nn.functional.embedding(places, looked_up), attention_mask)
