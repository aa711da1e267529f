"""What is done about a grant until it is over: effects on directories, ends on time, early ends, people who left.

It never decides whether somebody may have something.
"""
