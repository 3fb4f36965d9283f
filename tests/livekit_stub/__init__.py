"""A LiveKit server that exists only in tests and in the quickstart demo.

It behaves like livekit-server and livekit-sip as far as a telephony backend can see them, including
everything that is unpleasant about them; see README.md.
"""
