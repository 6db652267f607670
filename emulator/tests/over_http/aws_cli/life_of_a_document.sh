#!/usr/bin/env bash
# A model without an endpoint, by the AWS CLI: what is quick enough to be run every time.
#   life_of_a_document.sh NAME
set -euo pipefail
name=$1
image=683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3

fact() { printf '%s: %s\n' "$1" "$2"; }

fact version "$(aws --version | cut -d. -f1)"
arn=$(aws sagemaker create-model --model-name "$name" \
  --execution-role-arn arn:aws:iam::000000000000:role/execution \
  --primary-container "Image=$image,Environment={A=1,B=2}" \
  --tags Key=owner,Value=me --query ModelArn --output text)
fact environment "$(aws sagemaker describe-model --model-name "$name" \
  --query PrimaryContainer.Environment --output json | tr -d ' \n')"
fact listed "$(aws sagemaker list-models --name-contains "$name" --query 'Models[].ModelName' --output text)"
fact tags "$(aws sagemaker list-tags --resource-arn "$arn" --query 'Tags[].[Key,Value]' --output text)"
aws sagemaker delete-model --model-name "$name"
