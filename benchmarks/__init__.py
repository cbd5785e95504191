"""What the product can bear, as ratios measured in one run beside a bare Flask app on the same server and settings."""
