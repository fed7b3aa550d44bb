"""What a dense encoder is set beside."""
