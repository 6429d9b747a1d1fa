"""One file per kind of retrieval model, with `connect(argument) -> Retriever`: vectors of pictures and of texts."""
