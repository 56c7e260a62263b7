"""The command line, in process: output, exit codes, help."""
