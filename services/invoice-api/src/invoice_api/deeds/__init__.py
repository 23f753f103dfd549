"""What people did to a record here, and when."""
