"""The words that everybody shares: frozen data without behaviour beyond its own validity. Imports only `errors`."""
