"""``python -m daw_bridge`` is the command ``daw-bridge``."""

if __name__ == "__main__":  # a worker process imports this file too, and must not start a second daemon
    from daw_bridge.cli import main

    main()
