"""The dual encoder: its network, its checkpoints, texts in, vectors out."""
