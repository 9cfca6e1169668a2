"""What goes over the wire before anything is encrypted: hellos, suites, certificates. Pure."""
