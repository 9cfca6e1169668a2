"""The probe `network-device`: saved running configurations of switches, routers, firewalls."""
