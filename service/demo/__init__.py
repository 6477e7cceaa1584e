"""The demo: everything on one machine, with a stand-in blog and comments that we wrote."""
