"""One reader a published training set: the publisher's own files -> a PreparedSource."""
