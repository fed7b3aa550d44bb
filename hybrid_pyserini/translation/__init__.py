"""Training sources and topics into other languages, with a sequence-to-sequence model."""
