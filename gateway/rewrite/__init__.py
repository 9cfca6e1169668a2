"""Changes to a request that is let through: SafeSearch."""
