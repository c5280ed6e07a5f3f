"""Support vector machines on features of songs."""
