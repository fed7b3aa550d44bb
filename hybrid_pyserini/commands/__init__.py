"""One module a command: ``configure(parser)`` adds its arguments, ``run(arguments)`` does it.

These modules only connect rooms. What they import on top must be light; torch, transformers, pyserini and faiss are
imported inside ``run``.
"""
