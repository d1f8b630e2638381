"""The only code that speaks VISA; drivers return indications, never corrected values."""
