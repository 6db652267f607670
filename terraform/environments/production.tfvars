# A VPC of its own, logs of who touched what, and everything bounded, encrypted and kept.
# Still to be said by whoever owns the account: gitlab, retraining and subscriptions (see terraform/foundation).
bounded_roles              = true
bucket_force_destroy       = false
environment                = "production"
inter_container_encryption = true
key_deletion_window_days   = 30
key_rotation               = true

logs = {
  retention_days = 365
}

# One instance is one availability zone, and an outage whenever it is replaced.
minimum_instance_count = 2

network = {
  cidr_block = "10.0.0.0/16"
}

network_isolation = true

retention_days = {
  capture        = 90
  lease_versions = 30
}
