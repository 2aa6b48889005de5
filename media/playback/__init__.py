"""Files to be seen afterwards, out of what was recorded: one a party, or all in one picture."""
