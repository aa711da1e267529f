"""The operator's doctor: each subject examined by itself, beside a running bot, and told line by line with what to do.

It changes nothing anywhere: it posts nothing, sends no mail, makes no file and touches no directory.
"""
