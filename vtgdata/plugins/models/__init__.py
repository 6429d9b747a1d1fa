"""One file per way to reach a model, with `connect(argument, endpoint) -> Model`."""
