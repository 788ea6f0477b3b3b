"""What calls of the management API say of a model: queries and JSON in, options out. Begin at `parameters`."""
