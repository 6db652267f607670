# What exists and the state does not know: an apply that was killed could not write it down.
import {
  for_each = var.imports.releases
  to       = module.endpoint.aws_sagemaker_model.release[each.key]
  id       = "${var.endpoint_name}-${each.key}"
}

import {
  for_each = var.imports.endpoint_configs
  to       = module.endpoint.aws_sagemaker_endpoint_configuration.release[each.key]
  id       = "${var.endpoint_name}-${each.key}"
}

import {
  for_each = toset(var.imports.endpoint ? [var.endpoint_name] : [])
  to       = module.endpoint.aws_sagemaker_endpoint.this
  id       = each.key
}
