"""Answers of education applications, masked by role: what is seen, by whom, and what cannot be."""
