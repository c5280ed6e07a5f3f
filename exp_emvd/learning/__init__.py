"""Networks that tell techniques or singers apart: what they learn from, how, and what they hear in any recording."""
