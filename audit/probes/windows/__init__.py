"""The probe `windows`: an exported collection of a Windows host, read offline."""
