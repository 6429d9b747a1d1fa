"""Pages for people: what a stage, a run or a release made, as one HTML file (`report`) or served (`view`)."""
