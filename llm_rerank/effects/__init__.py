"""Why an item stands where it does: what each purchase did to the LLM's score, and what the final score is made of."""
