"""What is kept: tables, transactions, migrations, the audit log, the outbox and the directories.

Storage decides nothing; it never imports from handlers or bot.
"""
