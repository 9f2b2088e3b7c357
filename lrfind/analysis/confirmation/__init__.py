"""The search over trials of rising length, and what their losses say."""
