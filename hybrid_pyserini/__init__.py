"""One multilingual dense encoder for monolingual, cross-lingual and multilingual retrieval, for Pyserini.

Implements hybrid-batch training (arXiv 2408.10536). The rooms, in the order in which data pass through them:
``data`` (and ``translation``, into more languages) -> ``training`` -> ``encoder`` -> ``indexing`` -> ``search`` (and
``mining`` of hard negatives) -> ``evaluation`` -> ``comparison`` -> ``report``. ``baselines`` stand beside ``search``;
``demo`` and ``recipes`` go through all of it; ``doctor`` looks at the machine. ``bridge`` is the only room that knows
Pyserini, ``commands`` is the command line.
"""

__version__ = "0.1.0"
