"""Everything that enters or leaves: settings, the app, topics, one translator per system, transports."""
