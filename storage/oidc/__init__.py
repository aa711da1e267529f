"""The company's sign-in provider (OpenID Connect): state outside the process, asked within bounds.

It decides nothing about people: it says who signed in there, how and when, or why that cannot be believed.
"""
