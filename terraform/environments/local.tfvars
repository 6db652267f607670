# The foundation on the embedded AWS, whichever environment it stands in for.
# Off is what makes Terraform wait (key rotation 12 s, lifecycle 55 s, network 20 s, queue 25 s), what costs it
# a moment and bounds nobody there, or what keeps data nobody needs.
bounded_roles            = false
bucket_force_destroy     = true
key_deletion_window_days = 7
key_rotation             = false
logs                     = null
minimum_instance_count   = 1
network                  = null
retention_days           = null
retraining               = null
s3_use_path_style        = true
