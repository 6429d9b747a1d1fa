"""Parts of the local model: loading, the tensors of prompts, batches, and sampling."""
