mock_provider "aws" {}

variables {
  project = "mlops"
  region  = "us-east-1"
}

run "nothing_is_created_without_gitlab" {
  command = plan

  assert {
    condition     = length(aws_iam_openid_connect_provider.gitlab) == 0 && output.gitlab_oidc_provider_arn == null
    error_message = "Without a GitLab URL there should be no provider."
  }
}

run "gitlab_url_makes_a_provider_with_the_url_as_audience" {
  command = plan

  variables {
    gitlab_url = "https://gitlab.com"
  }

  assert {
    condition     = aws_iam_openid_connect_provider.gitlab[0].client_id_list == toset(["https://gitlab.com"])
    error_message = "The audience should be GitLab's URL unless another one is given."
  }
}

run "given_provider_is_passed_through" {
  command = plan

  variables {
    gitlab_oidc_provider_arn = "arn:aws:iam::000000000000:oidc-provider/gitlab.com"
    gitlab_url               = "https://gitlab.com"
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.gitlab) == 0 && output.gitlab_oidc_provider_arn == var.gitlab_oidc_provider_arn
    error_message = "A given provider should be used as it is."
  }
}

run "bad_values_are_refused" {
  command = plan

  variables {
    gitlab_audience          = ""
    gitlab_oidc_provider_arn = "gitlab.com"
    gitlab_url               = "http://gitlab.com/"
    project                  = "Has Spaces"
    region                   = "Ireland"
  }

  expect_failures = [
    var.gitlab_audience,
    var.gitlab_oidc_provider_arn,
    var.gitlab_url,
    var.project,
    var.region,
  ]
}
