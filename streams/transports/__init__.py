"""How records travel: drivers for Faust in which one event is a batch of records of one partition."""
