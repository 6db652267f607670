bucket_force_destroy     = false
environment              = "production"
key_deletion_window_days = 30
key_rotation             = true

retention_days = {
  capture        = 90
  lease_versions = 30
}
