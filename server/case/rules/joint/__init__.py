"""One case, several units (多地联办): what each has to do, and how the plan of an item names it. Pure."""
