"""Hard negatives for training examples, found with an index of our own."""
