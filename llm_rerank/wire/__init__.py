"""What goes over the wire, a file for each resource: `…In` is what a caller sends, `…Out` what the service answers."""
