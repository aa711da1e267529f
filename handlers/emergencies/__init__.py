"""Breaking the glass: asked, proven, told to everybody first, granted, and reviewed by somebody else.

No access exists here before its notice went out.
"""
