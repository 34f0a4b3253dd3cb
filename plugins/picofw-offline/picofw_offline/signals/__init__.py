"""What the offline judge measures: compliance, preservation, seams and technical quality, a room for each."""
