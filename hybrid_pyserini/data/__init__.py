"""Data in: published formats and training sources -> passages, topics, qrels and parallel examples in a workspace."""
