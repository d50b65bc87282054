"""The core: Responses requests to GLM chat requests, GLM chunks to Responses events.

Values in, values out. Nothing here opens a socket, reads a clock or draws a random number.
"""
