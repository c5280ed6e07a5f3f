"""The baseline of before networks: 28 numbers of a recording, and a support vector machine for each instrument."""
