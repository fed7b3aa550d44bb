"""What this machine has for the main job, and what to do about what is missing: one module a topic, one page.

Every topic is a function from what it looks at (folders, environment variables) to a list of ``Finding``. Nothing is
changed, fetched or started: no network, no JVM.
"""
