"""One multilingual dense encoder for monolingual, cross-lingual and multilingual retrieval, for Pyserini.

Implements hybrid-batch training (arXiv 2408.10536). The rooms, in the order in which data pass through them:
``data`` -> ``training`` -> ``encoder`` -> ``indexing`` -> ``search`` -> ``evaluation``; ``baselines`` stand beside
``search``, ``bridge`` is the only room that knows Pyserini, ``commands`` is the command line.
"""

__version__ = "0.1.0"
