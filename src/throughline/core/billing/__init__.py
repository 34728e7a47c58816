"""From approved work to what a customer is charged: validated, priced and coded, or held with a reason."""
