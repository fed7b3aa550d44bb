"""How published files are laid out, where more than one reader reads them."""
