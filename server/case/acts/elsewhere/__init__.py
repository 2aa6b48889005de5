"""External systems in which cases are decided: which there are, and what they report."""
