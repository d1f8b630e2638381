"""The site's server: keeps what stations upload, and is a witness of their logs."""
