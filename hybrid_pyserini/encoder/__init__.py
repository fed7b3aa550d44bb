"""The dual encoder: its network, checkpoints of one's own and of others, model cards; texts in, vectors out."""
