"""The machine: intake, outlet, runs, holds, wire."""
