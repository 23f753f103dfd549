"""Import Customers: what is at a provider becomes customers here, or is linked to ours."""
