"""Readers: one published format a file, in; passages, topics, qrels and parallel examples, out."""
