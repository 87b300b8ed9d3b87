"""Funil: from a tenant's Chatwoot and WhatsApp bot to funnel, ROI, SLA and NPS marts.

This package holds what everything is configured by (`settings`, `tenants`, `errors`: they import nothing of ours) and
the command line (`cli`: it may import everything).
"""
