"""Every line a query finds, as a file that is made while it is sent."""
