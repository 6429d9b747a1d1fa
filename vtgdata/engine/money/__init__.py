"""What answers cost: prices, tokens, the plan before asking, the budget while asking."""
