"""What is shown: the HTTP interface and the pages."""
