"""What a lead writes: the pathway file, its reading and its checking."""
