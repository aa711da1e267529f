"""Who somebody is: the person behind a Slack account, their accounts in other directories, and their address.

Nobody is believed who was not looked up.
"""
