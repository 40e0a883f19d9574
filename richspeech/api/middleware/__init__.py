"""Middleware between everybody who can reach the port and what answers there.

    Hosts → Headers → Origins → Bodies → Visitors → Allowances → PageAccess → the routes

Each is one ASGI middleware and asks one question: under which name is this asked, what may a
browser do with the answer, which site asks, how long and how large is the body, who asks, may
they and how often, and whose page and files does it name. ``build.py`` puts them together. What
passes knows its visitor and principal.
"""
