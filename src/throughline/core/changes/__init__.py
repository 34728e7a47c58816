"""Change orders: what a change does to all that was agreed, worked out before anybody says yes to it."""
