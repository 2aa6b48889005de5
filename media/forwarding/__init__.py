"""What passes from one party to the others: the hot path, and how much of it each one's way carries."""
