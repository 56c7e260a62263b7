"""The whole program, from the command line, over real files and real connections."""
