"""How the store works, under the rows: engines, transactions, statements, migrations and backups.

It knows no noun of Wicket's.
"""
