"""What a lead can know of a pathway before and after it runs."""
