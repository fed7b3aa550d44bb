"""Run by torchrun: one process's share of a step, its gradients averaged as DDP does; rank 0 saves them."""

import sys
from pathlib import Path

import torch
import torch.distributed as dist

from hybrid_pyserini.encoder import Encoder
from hybrid_pyserini.training.batching import BatchPlan
from hybrid_pyserini.training.collator import PlannedBatches
from hybrid_pyserini.training.examples import ExampleStore
from hybrid_pyserini.training.loss import gather_candidates, info_nce
from hybrid_pyserini.training.processes import process_rank


def step_gradients(checkpoint: str, store_folder: str) -> tuple[float, dict[str, torch.Tensor]]:
    """Loss and gradients of the global batch of step 0, in float64 so that only mistakes differ."""
    rank, processes = process_rank()
    encoder = Encoder.load(checkpoint, device="cpu")
    encoder.model.double().eval()
    store = ExampleStore(Path(store_folder))
    batches = PlannedBatches(BatchPlan([store], "x-y", 8, seed=1), [store], encoder, 1, rank, processes)
    inputs = batches[0]
    chunks = inputs["chunks"]
    states = [encoder.model.transformer(**c).last_hidden_state for c in chunks]
    masks = [c["attention_mask"].unsqueeze(-1) for c in chunks]
    pooled = torch.cat([(s * m).sum(1) / m.sum(1) for s, m in zip(states, masks, strict=True)])
    vectors = torch.nn.functional.normalize(pooled, dim=-1)[inputs["order"]]
    asked = len(inputs["own"])
    candidates = gather_candidates(vectors[asked:], inputs["counts"])
    logits = (vectors[:asked] @ candidates.T / 0.05).masked_fill(inputs["excluded"], -torch.inf)
    loss = torch.nn.functional.cross_entropy(logits, inputs["own"])
    assert abs(loss.item() - info_nce(vectors[:asked], candidates, inputs["own"], inputs["excluded"], 0.05)) < 1e-4
    loss.backward()
    gradients = {n: p.grad for n, p in encoder.model.named_parameters() if p.grad is not None}
    if processes > 1:
        for value in [*gradients.values(), loss := loss.detach()]:
            dist.all_reduce(value)
            value /= processes
    return loss.item(), gradients


if __name__ == "__main__":
    dist.init_process_group("gloo")
    result = step_gradients(sys.argv[1], sys.argv[2])
    if dist.get_rank() == 0:
        torch.save(result, sys.argv[3])
    dist.destroy_process_group()
