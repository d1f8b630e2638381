"""Who may do what: accounts, sign-on by badge and PIN, and the rights of each role."""
