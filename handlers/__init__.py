"""What happens for each kind of request, without Slack: intents in, outcomes out.

A handler asks policy and writes one transaction; it never knows how the question arrived or is answered.
"""
