"""Run by torchrun: one process's share of a step, its gradients averaged as DDP does; rank 0 saves them."""

import sys
from pathlib import Path

import torch
import torch.distributed as dist

from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.training.batching import BatchPlan
from hybrid_pyserini.training.chunked import ChunkedEncoder
from hybrid_pyserini.training.collator import PlannedBatches
from hybrid_pyserini.training.examples import ExampleStore
from hybrid_pyserini.training.loss import gather_candidates, info_nce
from hybrid_pyserini.training.processes import process_rank


def float64_batches(checkpoint: str, store_folder: str, chunk_tokens: int) -> tuple[Encoder, PlannedBatches]:
    """An encoder in float64, so that only mistakes differ, and the batches of this process."""
    rank, processes = process_rank()
    encoder = Encoder.load(checkpoint, device="cpu")
    encoder.model.double().eval()
    store = ExampleStore(Path(store_folder))
    plan = BatchPlan([store], "x-y", 8, seed=1)
    return encoder, PlannedBatches(plan, [store], encoder, 1, rank, processes, chunk_tokens)


def step_gradients(
    checkpoint: str, store_folder: str, chunk_tokens: int, *, recompute: bool
) -> tuple[float, dict[str, torch.Tensor]]:
    """Loss and gradients of the global batch of step 0."""
    encoder, batches = float64_batches(checkpoint, store_folder, chunk_tokens)
    inputs = batches[0]
    vectors = ChunkedEncoder(encoder.model, recompute=recompute)(inputs["chunks"])[inputs["order"]]
    asked = len(inputs["own"])
    candidates = gather_candidates(vectors[asked:], inputs["counts"])
    loss = info_nce(vectors[:asked], candidates, inputs["own"], inputs["excluded"], 0.05)
    loss.backward()
    gradients = {n: p.grad for n, p in encoder.model.named_parameters() if p.grad is not None}
    _, processes = process_rank()
    if processes > 1:
        for value in [*gradients.values(), loss := loss.detach()]:
            dist.all_reduce(value)
            value /= processes
    return loss.item(), gradients


if __name__ == "__main__":
    dist.init_process_group("gloo")
    result = step_gradients(sys.argv[1], sys.argv[2], int(sys.argv[3]), recompute=sys.argv[4] == "recompute")
    if dist.get_rank() == 0:
        torch.save(result, sys.argv[5])
    dist.destroy_process_group()
