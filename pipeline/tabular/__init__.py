"""What a cell, a date and a column are. Travels into the containers: standard library only."""
