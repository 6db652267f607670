"""What a run is made of: reads, decides and divides its data, finds and packs its code."""
