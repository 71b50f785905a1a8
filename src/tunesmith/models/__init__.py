"""Networks that read token ids and give logits, one file a model."""
