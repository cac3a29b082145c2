"""The models that are installed. Knows nothing of what is inside them."""
