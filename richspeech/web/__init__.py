"""What runs in the browser: ES modules and styles. ``files`` reads and bundles them."""
