"""Ways to propose items, each answering with candidates, and the hybrid that joins them."""
