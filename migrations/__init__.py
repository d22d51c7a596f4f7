"""The steps that bring a store's tables from one version to the next."""
