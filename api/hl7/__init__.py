"""HL7 version 2 over MLLP: messages of hospital systems, read into notices and acknowledged."""
