"""Other services' internal HTTP interfaces, as this service calls them."""
