"""What only the multilingual pool has: ranks, language bias, measures of full rankings."""
