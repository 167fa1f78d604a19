"""The app in a web browser on this machine."""
