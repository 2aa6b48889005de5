"""What tests drive the product with: real services, people at their desks, peers, a clock."""
