"""The only room that imports Pyserini, and the one that finds Java."""
