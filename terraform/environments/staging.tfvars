bounded_roles            = true
bucket_force_destroy     = false
environment              = "staging"
key_deletion_window_days = 7
key_rotation             = true

logs = {
  retention_days = 30
}

retention_days = {
  capture        = 30
  lease_versions = 7
}
