"""What networks are trained on: pieces, batches and computed inputs, all functions of the step."""
