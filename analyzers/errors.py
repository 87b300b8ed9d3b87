"""What a person can mend."""


class AnalyzerSettingsError(ValueError):
    """The settings ask for what cannot be had; the sentence names the setting at fault."""
