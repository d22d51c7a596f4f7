"""FHIR R4: what hospital systems send and ask for."""
