"""Reports as a page of HTML."""
