"""mDPR, the dense baseline, as Pyserini runs it: mBERT fine-tuned on MS MARCO's English, never on another language.

CLS pooling, inner product of vectors as they are, no prompts, title + blank + text, 256 tokens. What a checkpoint may
state besides does not count: Pyserini's ``--encoder-class auto`` does not read it.
"""

from collections.abc import Sequence
from dataclasses import asdict

from hybrid_pyserini.encoder.adopting import adopt
from hybrid_pyserini.encoder.known_encoders import KNOWN_ENCODERS, MDPR_ON_HUB
from hybrid_pyserini.indexing.indexing import build_index
from hybrid_pyserini.search.search import SearchedPair, search
from hybrid_pyserini.workspace import MDPR, Workspace


def mdpr(
    workspace: Workspace, dataset: str, *, model: str = MDPR_ON_HUB, pairs: str | Sequence[str] | None = None,
    hits: int = 1000, pool_hits: int | None = None, gzip: bool = False, dtype: str | None = None,
    overwrite: bool = False,
) -> tuple[SearchedPair, ...]:
    """Make the model ``mdpr`` of a checkpoint, by name or path; index a prepared data set with it, and search that.

    All that is finished is kept, and replaced with ``overwrite``. The arguments and errors are those of ``adopt``,
    ``build_index`` and ``search``.
    """
    workspace.dataset(dataset)  # before a checkpoint is looked for
    published = asdict(KNOWN_ENCODERS[MDPR_ON_HUB])
    adopt(workspace.new_model(MDPR), workspace.model(model)[1], given=published, overwrite=overwrite)
    build_index(workspace, dataset, MDPR, dtype=dtype, overwrite=overwrite)
    return search(
        workspace, dataset, MDPR, pairs=pairs, hits=hits, pool_hits=pool_hits, gzip=gzip, overwrite=overwrite
    )
