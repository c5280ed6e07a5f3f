"""What this commit takes, beside what an earlier one took."""
