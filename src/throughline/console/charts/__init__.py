"""Charts as SVG text, drawn on the server: themed by the stylesheet, printable, read aloud as one sentence."""
