# The foundation on the embedded AWS, whichever environment it stands in for.
# Off is what makes Terraform wait (key rotation 12 s, lifecycle 55 s) or keeps data nobody needs.
bucket_force_destroy     = true
key_deletion_window_days = 7
key_rotation             = false
retention_days           = null
s3_use_path_style        = true
