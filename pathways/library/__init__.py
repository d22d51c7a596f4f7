"""The pathways that come with the product, one folder each."""
