"""What the benchmark of learning is made of: a world with users in it, players, and judges."""
