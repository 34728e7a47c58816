"""Contracts every connector and workflow must pass, shipped for outside authors."""
