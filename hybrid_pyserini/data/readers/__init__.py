"""One reader a data set or file format: the publisher's own files -> a PreparedDataset."""
