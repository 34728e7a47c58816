"""The HTTP door for people: pages are frozen dataclasses, drawn by the template of the same name."""
