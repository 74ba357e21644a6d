"""What vendors send, as checked pydantic shapes: one file per system whose translator would grow too long with them."""
