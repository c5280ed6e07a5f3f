"""How long recordings are, where their headers say something else than their files hold."""
