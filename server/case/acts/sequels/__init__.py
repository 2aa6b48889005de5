"""What follows a licence as a case of its own (变更, 延续, 撤销 …), and what the first case keeps of it."""
