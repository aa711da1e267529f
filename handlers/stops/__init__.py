"""New access stopped and begun again: a freeze by what was found, a halt by a person.

What ends access is never stopped.
"""
