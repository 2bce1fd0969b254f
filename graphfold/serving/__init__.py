"""The sockets, processes, signals and log output of a gateway.

    listener --> acceptor --> client_connection --> the ASGI application, all run by web_server
    reloader (parent process) --> worker (child processes) on the same listener

Commands start what is here and print its `ServingError`s. To add a protocol: a connection class beside
`client_connection.py`, made by `web_server.py`.
May import: server.
"""
